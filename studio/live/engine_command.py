"""Runs a command of ``ssl-engine`` in a process of its own: what needs torch never happens in the window."""

import sys
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from engine.store import Store
from studio.live.json_lines import JsonLines

STOP_MILLISECONDS = 1500
PROGRAM = (sys.executable, "-m", "engine.cli")


class EngineCommand(QObject):
    """One command at a time; ends with what a subclass makes of its last JSON line, or with ``failed``.

    ``failed`` has what is wrong and what to do.

    Args:
        store: Where the runs are.
        parent: Qt owner.
        program: Program and first arguments instead of the real command line.
    """

    failed = Signal(str, str)

    def __init__(
        self, store: Store, parent: QObject | None = None, *, program: tuple[str, ...] = PROGRAM
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._program = program
        self._process: QProcess | None = None

    @property
    def is_busy(self) -> bool:
        """True while a command is at work."""
        return self._process is not None

    def stop(self) -> None:
        """End what is going on without a word, and wait until the process is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.finished.disconnect(self._on_finished)
        process.errorOccurred.disconnect(self._on_error)
        process.kill()
        process.waitForFinished(STOP_MILLISECONDS)
        process.deleteLater()

    def _start(self, command: str, *arguments: str) -> bool:
        """Begin a command; False while another one is at work."""
        if self._process is not None:
            return False
        process = QProcess(self)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        first, *rest = self._program
        process.start(first, [*rest, command, "--store", self._store.url, "--json", *arguments])
        return True

    def _take(self, result: dict[str, Any]) -> None:
        """Make something of the command's last JSON line, which is no error."""
        raise NotImplementedError

    def _refuse(self, result: dict[str, Any]) -> None:
        """Tell what went wrong, from the command's last JSON line."""
        self.failed.emit(str(result["error"]), str(result.get("fix", "")))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit("The engine's command line could not be started.", "Reinstall the studio.")

    def _on_finished(self, _exit_code: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        said = JsonLines().feed(bytes(process.readAllStandardOutput().data()) + b"\n")
        complaint = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        last = said[-1] if said else {}
        if "error" in last:
            self._refuse(last)
        elif last:
            self._take(last)
        else:
            self.failed.emit("That did not work.", complaint.splitlines()[-1] if complaint else "Try again.")
