"""Qt ends the whole process when it cannot start. What it would say is said in words, and the process just ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

NO_WINDOW = 2


@contextmanager
def refusal_in_words(advice: str) -> Iterator[None]:
    """While the application is made, end with a sentence and exit code 2 where Qt would abort and leave a core file.

    Args:
        advice: What to do about it.
    """
    told: list[str] = []

    def note(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        if kind is QtMsgType.QtFatalMsg:
            reason = next(iter(told), message).strip().splitlines()[0]
            print(f"Qt cannot open a window: {reason} {advice}", file=sys.stderr, flush=True)  # noqa: T201 - no window
            os._exit(NO_WINDOW)
        told.append(message)

    before = qInstallMessageHandler(note)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
        for message in told:
            print(message, file=sys.stderr)  # noqa: T201 - as Qt itself does
