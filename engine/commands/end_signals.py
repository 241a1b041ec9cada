"""Ctrl-C, a closed terminal and a polite kill: the first asks for an end, the second is one, whatever hangs.

A handler of Python waits until the main thread comes back from what it does in C, which may be never. The signal is
therefore heard by a thread of its own, through the file that Python writes to in the very moment.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, ClassVar

import psutil

from engine.commands.exit_codes import INTERRUPTED
from engine.commands.speech import is_terminal

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SHOW_CURSOR = "\x1b[?25h"


class EndSignals:
    """Hears the signals inside a ``with`` block of the main thread; elsewhere it hears nothing.

    Args:
        first: Called at the first, by the listening thread; without it, the main thread gets a KeyboardInterrupt.
        second: Called at the second; the process ends at once afterwards, unless this says that it need not.
        kills: Whether all processes that this one started end with it.

    Attributes:
        count: How often an end was asked for.
        was_asked: Whether this process was ever asked to end.
    """

    was_asked: ClassVar[bool] = False

    def __init__(
        self,
        first: Callable[[], None] | None = None,
        second: Callable[[], bool] = lambda: True,
        *,
        kills: bool = True,
    ) -> None:
        self.count = 0
        self._first, self._second, self._kills = first, second, kills
        self._before: dict[int, Any] = {}
        self._before_file = -1
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> "EndSignals":
        if threading.current_thread() is threading.main_thread():
            heard, written = self._ends = socket.socketpair()
            written.setblocking(False)
            numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
            threading.Thread(
                target=self._listen, args=(heard, numbers), name="end signals", daemon=True
            ).start()
            self._before_file = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
            for number in numbers:
                self._before[number] = signal.signal(number, self._in_main_thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ends is None:
            return
        signal.set_wakeup_fd(self._before_file)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._ends[1].close()  # which ends the listening thread
        self._ends = None

    def _in_main_thread(self, _number: int, _frame: FrameType | None) -> None:
        """Interrupt what is being done, once; a second time there may be nobody who catches it."""
        if self._first is None and self.count <= 1:
            raise KeyboardInterrupt

    def _listen(self, heard: socket.socket, numbers: list[int]) -> None:
        with heard:
            while numbers_heard := heard.recv(1):
                if numbers_heard[0] in numbers:
                    self._obey()

    def _obey(self) -> None:
        self.count += 1
        EndSignals.was_asked = True
        if self.count == 1:
            if self._first is not None:
                self._first()
        elif self.count == 2:
            # In a thread of its own, so that a third is heard if this hangs as well.
            threading.Thread(target=self._end_unless, name="end", daemon=True).start()
        else:
            self._end()

    def _end_unless(self) -> None:
        if self._second():
            self._end()

    def _end(self) -> None:
        """End this process without asking anybody; its children first, which nobody would be left to end."""
        if self._kills:
            kill_children()
        with suppress(OSError, ValueError):
            if is_terminal():
                sys.stderr.write(SHOW_CURSOR)
            sys.stderr.flush()
        os._exit(INTERRUPTED)


def kill_children() -> None:
    """End every process that this one started, and those that they started."""
    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
