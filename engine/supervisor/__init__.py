"""The engine thread: starts a worker process for each queued run and looks after it. Imports neither torch nor Qt."""

from engine.supervisor.engine_thread import Supervisor

__all__ = ["Supervisor"]
