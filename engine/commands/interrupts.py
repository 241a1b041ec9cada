"""Ctrl-C while a run trains here: the first stops and saves, the second stops now, the third gives up."""

import signal
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from engine.commands.speech import remark
from engine.errors import StoreError
from engine.store import CommandKind, RunStatus, Store, get_run, send_command, update_run


class Interrupts:
    """Turns signals into commands for the run, inside a ``with`` block.

    Args:
        store: Where the run is.
        run_id: The run that trains in this process.

    Attributes:
        count: How often the person has asked for an end.
    """

    def __init__(self, store: Store, run_id: int) -> None:
        self.count = 0
        self._store = store
        self._run_id = run_id
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if kind is KeyboardInterrupt and get_run(self._store, self._run_id).is_active:
            update_run(self._store, self._run_id, status=RunStatus.STOPPED)

    def _on_signal(self, *_: int | FrameType | None) -> None:
        self.count += 1
        if self.count > 2:
            raise KeyboardInterrupt
        kind = CommandKind.STOP if self.count == 1 else CommandKind.STOP_NOW
        # The main thread may be in the middle of a transaction of its own, so another one has to write this.
        threading.Thread(target=self._send, args=(kind,), daemon=True).start()

    def _send(self, kind: CommandKind) -> None:
        if kind is CommandKind.STOP:
            remark("Stopping: the run is saved after this step. Press Ctrl-C again to stop at once.")
        else:
            remark("Stopping at once, without saving. Press Ctrl-C again if it does not end.")
        with suppress(
            StoreError
        ):  # the run has just come to its end, or the store cannot be written any more
            send_command(self._store, self._run_id, kind)
