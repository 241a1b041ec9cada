"""Obeys the commands that a person sends to a running job."""

import time
from collections.abc import Callable
from enum import Enum

from engine.store import CommandKind, RunStatus, Store, take_commands, update_run

POLL_SECONDS = 0.2


class Ending(Enum):
    """Why the loop was left before its end."""

    STOP = "stop and save"
    STOP_NOW = "stop now"
    RELEASE = "pause and leave the device"


ENDINGS = {
    None: (RunStatus.FINISHED, "Finished."),
    Ending.STOP: (RunStatus.STOPPED, "Stopped and saved."),
    Ending.STOP_NOW: (
        RunStatus.STOPPED,
        "Stopped without saving; it can be resumed from its last checkpoint.",
    ),
    Ending.RELEASE: (RunStatus.PAUSED, "Paused; the device is free."),
}
"""What each ending makes of the run, and what is said of it; None is the end of the training."""


class Controls:
    """Polls the store once a step; called by the training loop.

    Args:
        store: Where commands arrive.
        run_id: Whose.
        save: Called on "save now".
        evaluate: Called on "evaluate now".
        waiting: Called a few times a second while paused.
        resumed: Called when a pause ends, to restart clocks.
    """

    def __init__(
        self,
        store: Store,
        run_id: int,
        *,
        save: Callable[[], None],
        evaluate: Callable[[], None],
        waiting: Callable[[], object],
        resumed: Callable[[], None],
    ) -> None:
        self.ending: Ending | None = None
        self._store, self._run_id = store, run_id
        self._save, self._evaluate = save, evaluate
        self._waiting, self._resumed = waiting, resumed
        self._paused = False
        self._version = -1

    def __call__(self) -> bool:
        """Take waiting commands; waits here while paused. True when the loop must be left."""
        self._obey_waiting()
        if self._paused and self.ending is None:
            self._wait_for_resume()
        return self.ending is not None

    def _obey_waiting(self) -> None:
        version = (
            self._store.data_version()
        )  # microseconds; the commands are read only when something was written
        if version == self._version:
            return
        self._version = version
        for command in take_commands(self._store, self._run_id):
            self._obey(command.kind, command.args)

    def _obey(self, kind: CommandKind, args: dict[str, object]) -> None:
        if kind is CommandKind.STOP:
            self.ending = Ending.STOP
        elif kind is CommandKind.STOP_NOW:
            self.ending = Ending.STOP_NOW
        elif kind is CommandKind.PAUSE and args.get("release"):
            self.ending = Ending.RELEASE
        elif kind is CommandKind.PAUSE:
            self._paused = True
        elif kind is CommandKind.RESUME:
            self._paused = False
        elif kind is CommandKind.SAVE:
            self._save()
        elif kind is CommandKind.EVALUATE:
            self._evaluate()

    def _wait_for_resume(self) -> None:
        self._save()
        update_run(self._store, self._run_id, status=RunStatus.PAUSED)
        while self._paused and self.ending is None:
            time.sleep(POLL_SECONDS)
            self._waiting()
            self._obey_waiting()
        if self.ending is None:
            update_run(self._store, self._run_id, status=RunStatus.RUNNING)
            self._resumed()
