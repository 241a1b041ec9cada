"""What nobody expected: it is written to a log file and said in the window, with a way out."""

import faulthandler
import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_path
from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from engine.errors import EngineError
from studio.context import StudioContext

LOG_BYTES = 1_000_000
LOG_FILES = 3

logger = logging.getLogger("studio")


def log_file() -> Path:
    """Where the window writes what went wrong."""
    return user_log_path("ssl-studio", ensure_exists=True) / "studio.log"


def start_log(file: Path) -> None:
    """Write warnings and errors of all our code to a file that turns over at a megabyte.

    Args:
        file: The log file; its folder exists.
    """
    try:
        handler: logging.Handler = RotatingFileHandler(
            file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    if sys.stderr is not None:
        faulthandler.enable()


class MishapReporter(QObject):
    """Catches errors that no one else caught, in any thread, and tells them in the window.

    Args:
        context: Whose ``toast`` speaks.
        file: The log file that "Open log" opens.
        parent: Qt owner.
    """

    happened = Signal(object)

    def __init__(self, context: StudioContext, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._file = file
        # Through a signal, because an error of another thread must not make widgets there.
        self.happened.connect(self._tell)

    def install(self) -> None:
        """Take over from Python's own hooks."""
        sys.excepthook = self.report
        threading.excepthook = lambda told: self.report(told.exc_type, told.exc_value, told.exc_traceback)

    def report(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Log an error and tell it."""
        if issubclass(kind, KeyboardInterrupt) or error is None:
            sys.__excepthook__(kind, error or kind(), trace)
            return
        if not isinstance(error, EngineError):
            logger.error("unexpected error", exc_info=(kind, error, trace))
        self.happened.emit(error)

    def _tell(self, error: BaseException) -> None:
        if isinstance(error, EngineError):
            self._context.toast(str(error), "bad")
            return
        report = "".join(traceback.format_exception(error))
        sentence = (
            f"Something unexpected happened ({type(error).__name__}: {error}). Training is not touched by it."
        )
        if self._file.exists():
            self._context.toast(sentence, "bad", ("Open log", lambda: _open(self._file)))
        else:
            self._context.toast(
                sentence, "bad", ("Copy report", lambda: QGuiApplication.clipboard().setText(report))
            )


def _open(file: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))
