"""Ctrl-C while a run trains here: the first stops and saves, the second stops now."""

import threading
from contextlib import suppress
from types import TracebackType

from engine.commands.end_signals import EndSignals
from engine.commands.speech import remark
from engine.errors import StoreError
from engine.store import CommandKind, RunStatus, Store, get_run, send_command, update_run

GRACE_SECONDS = 2.0  # for a run that is between two steps; one that hangs does not answer at all
ROW_SECONDS = 3.0


class Interrupts:
    """Turns signals into commands for the run, inside a ``with`` block.

    Args:
        store: Where the run is.
        run_id: The run that trains in this process.
    """

    def __init__(self, store: Store, run_id: int) -> None:
        self._store = store
        self._run_id = run_id
        self._left = threading.Event()
        self._signals = EndSignals(self._ask, self._give_up)

    @property
    def count(self) -> int:
        """How often the person has asked for an end."""
        return self._signals.count

    def __enter__(self) -> "Interrupts":
        self._signals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._signals.__exit__(kind, error, trace)

    def _ask(self) -> None:
        _say("Stopping: the run is saved after this step. Press Ctrl-C again to stop at once.")
        _start(self._send, CommandKind.STOP)  # the store may be locked for a while

    def _give_up(self) -> bool:
        """End the run with a sentence and a row; False when it ended by itself meanwhile."""
        _say(
            f"Stopping at once, without saving; 'ssl-engine resume {self._run_id}' goes on from the last checkpoint."
        )
        _start(self._send, CommandKind.STOP_NOW)
        if self._left.wait(GRACE_SECONDS):
            return False
        _start(self._note).join(ROW_SECONDS)
        return True

    def _send(self, kind: CommandKind) -> None:
        with suppress(StoreError):  # the run has come to its end, or the store cannot be written any more
            send_command(self._store, self._run_id, kind)

    def _note(self) -> None:
        with suppress(StoreError):
            if get_run(self._store, self._run_id).is_active:
                update_run(self._store, self._run_id, status=RunStatus.STOPPED, pid=None)


def _start(target: object, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
    thread.start()
    return thread


def _say(sentence: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        remark(sentence)
