"""One worker under watch: is it silent, and has the person asked for it to end at once?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.store import CommandKind, Level, Run, RunStatus, Store, add_event, list_commands
from engine.supervisor.worker_process import WorkerProcess

SILENT_AFTER_SECONDS = 30.0
# A computer that wakes from sleep shows old heartbeats for a moment; only silence that lasts is reported.
LASTING_SECONDS = 5.0
KILL_AFTER_SECONDS = 3.0


@dataclass(slots=True, eq=False)
class Watch:
    """A worker and what is known about it so far.

    Args:
        process: The worker.
        devices: The devices it occupies, one for each of its processes.
        grace_seconds: How long a worker may take to obey "stop now" by itself.
    """

    process: WorkerProcess
    devices: Sequence[str]
    grace_seconds: float
    silent_since: float | None = None
    is_reported: bool = False
    asked_to_end: bool = False
    _terminated_at: float | None = None

    @property
    def run_id(self) -> int:
        """The run it works on."""
        return self.process.run_id

    def listen(self, store: Store, run: Run) -> None:
        """Report a worker that lives but no longer beats, once per silence."""
        beat = run.heartbeat_at or run.started_at or time.time()
        if run.status is RunStatus.STARTING or time.time() - beat < SILENT_AFTER_SECONDS:
            self.silent_since, self.is_reported = None, False
            return
        self.silent_since = self.silent_since or time.monotonic()
        if not self.is_reported and time.monotonic() - self.silent_since >= LASTING_SECONDS:
            self.is_reported = True
            add_event(
                store,
                run.id,
                Level.WARNING,
                "The training process is alive but has not answered for half a minute. "
                "It may be busy; stop it now if it stays silent.",
                step=run.step,
            )

    def escalate(self, store: Store) -> None:
        """End the whole process tree when "stop now" was asked and the worker did not obey in time."""
        asked = self._asked_at(store)
        if asked is None:
            return
        self.asked_to_end = True
        asked_at, grace_seconds = asked
        if time.time() - asked_at < grace_seconds:
            return
        if self._terminated_at is None and grace_seconds > 0:
            self._terminated_at = time.monotonic()
            self.process.terminate()
        elif self._terminated_at is None or time.monotonic() - self._terminated_at >= KILL_AFTER_SECONDS:
            self.process.kill()

    def _asked_at(self, store: Store) -> tuple[float, float] | None:
        """Return when this worker was told to stop now and its grace; None when it was not."""
        requests = [
            (command.created_at, float(command.args.get("grace_seconds", self.grace_seconds)))
            for command in list_commands(store, self.run_id, kind=CommandKind.STOP_NOW)
            if command.created_at >= self.process.identity.launched_at
        ]
        return min(requests, key=sum, default=None)
