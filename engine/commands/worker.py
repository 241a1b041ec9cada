"""Train the queued runs of a store without a window."""

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.end_signals import EndSignals
from engine.commands.exit_codes import BAD_USE, DONE, INTERRUPTED, RUN_FAILED
from engine.commands.options import StoreOption
from engine.commands.speech import remark, say

if TYPE_CHECKING:
    from engine.store import Run, Store
    from engine.supervisor import Supervisor

POLL_SECONDS = 0.2
PAUSE_SECONDS = 120.0


def worker(
    store: StoreOption = None,
    forever: Annotated[
        bool, typer.Option("--forever", help="Wait for more runs when the queue is empty.")
    ] = False,
    device: Annotated[list[str] | None, typer.Option(help="Use only this device; may be repeated.")] = None,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="No worker processes; for debuggers.")
    ] = False,
) -> None:
    """Train the queued runs, one per device, until none is left.

    Ctrl-C saves and pauses what is running (exit code 130); a second one ends this command and leaves what is running
    to itself. Exit code 1: a run failed.
    """
    from engine.devices import check_device
    from engine.store import open_store
    from engine.supervisor import Supervisor

    for name in device or []:
        check_device(name)
    opened = open_store(store)
    supervisor = Supervisor(opened.url, devices=device, in_process=in_process, program="ssl-engine worker")
    try:
        code = _Watchman(opened, supervisor, forever=forever).watch()
    finally:
        opened.close()
    raise typer.Exit(code)


class _Watchman:
    """Tells what becomes of the runs while the engine thread works.

    Args:
        store: Read to see what changed.
        supervisor: Not yet started.
        forever: Go on when nothing is left to do.
    """

    def __init__(self, store: "Store", supervisor: "Supervisor", *, forever: bool) -> None:
        self._store = store
        self._supervisor = supervisor
        self._forever = forever
        self._interrupted = threading.Event()
        self._told = ""
        self._states: dict[int, str] = {}
        self._failed = False

    def watch(self) -> int:
        """Work until done or interrupted; return the exit code."""
        # Workers are in sessions of their own: they go on, and whoever looks at the store next finds them.
        with EndSignals(self._interrupted.set, kills=False):
            return self._work()

    def _work(self) -> int:
        self._look(is_first=True)
        self._supervisor.start()
        while not self._interrupted.wait(POLL_SECONDS):
            self._tell_once(self._supervisor.owner or self._supervisor.last_error)
            if self._supervisor.owner and not self._forever:
                self._supervisor.stop()
                return BAD_USE
            self._look()
            if self._supervisor.is_idle and not self._forever:
                break
        return self._end()

    def _end(self) -> int:
        """Leave; pause what runs when the person interrupted."""
        if not self._interrupted.is_set():
            self._supervisor.stop()
            self._look()
            say("No queued runs are left.")
            return RUN_FAILED if self._failed else DONE
        remark("Saving and pausing what runs. 'ssl-engine resume RUN' goes on later.")
        if not self._supervisor.stop(runs="pause", timeout=PAUSE_SECONDS):
            remark("Some runs did not pause in time; they go on by themselves and lose nothing.")
        self._look()
        return INTERRUPTED

    def _look(self, *, is_first: bool = False) -> None:
        """Say which runs changed their state."""
        from engine.store import list_runs

        for run in reversed(list_runs(self._store, limit=200)):
            state = run.status.value
            if self._states.get(run.id) != state:
                self._states[run.id] = state
                if not is_first or run.is_active or state == "queued":
                    self._tell_run(run, is_first)

    def _tell_run(self, run: "Run", is_first: bool) -> None:
        from engine.store import RunStatus

        reason = f": {run.error} {run.error_fix}" if run.status is RunStatus.FAILED else ""
        say(f"run {run.id} ({run.name}) is {run.status.value}{reason}")
        self._failed |= run.status is RunStatus.FAILED and not is_first

    def _tell_once(self, sentence: str) -> None:
        if sentence and sentence != self._told:
            remark(sentence)
        self._told = sentence
