"""Imports weights in a process of its own: reading them needs torch, which the window never loads."""

import sys

from PySide6.QtCore import QObject, QProcess, Signal

from engine.store import Store
from studio.live.json_lines import JsonLines

STOP_MILLISECONDS = 1500


class Importer(QObject):
    """Runs ``ssl-engine import``, one file at a time; ends with ``finished``, ``failed`` or ``needs_heads``.

    ``finished`` has the number of the run that stands for the weights and one sentence on what was found; ``failed``
    has what is wrong and what to do; ``needs_heads`` has the file whose attention heads a person must say, and the
    sentence to ask with.

    Args:
        store: Where the run goes.
        parent: Qt owner.
        command: Program and first arguments instead of the real command line.
    """

    finished = Signal(int, str)
    failed = Signal(str, str)
    needs_heads = Signal(str, str)

    def __init__(
        self, store: Store, parent: QObject | None = None, *, command: list[str] | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._command = command or [sys.executable, "-m", "engine.cli", "import"]
        self._process: QProcess | None = None
        self._path = ""

    @property
    def is_importing(self) -> bool:
        """True while a file is read."""
        return self._process is not None

    def import_file(self, path: str, heads: int | None = None) -> None:
        """Begin to read a file; while one is read, another is not begun.

        Args:
            path: A file of weights.
            heads: Attention heads, where the weights do not tell.
        """
        if self._process is not None:
            return
        process = QProcess(self)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process, self._path = process, path
        options = ["--store", self._store.url, "--json"]
        if heads is not None:
            options += ["--heads", str(heads)]
        process.start(self._command[0], [*self._command[1:], *options, "--", path])

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

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit("The import could not be started.", "Reinstall the studio, then try again.")

    def _on_finished(self, _exit_code: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        lines = JsonLines()
        said = lines.feed(bytes(process.readAllStandardOutput().data()) + b"\n")
        complaint = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        last = said[-1] if said else {}
        if "run" in last:
            counts = last["report"]["counts"]
            left_out = counts["dropped"] + counts["unexpected"]
            self.finished.emit(
                int(last["run"]),
                f"{last['title']}: {last['report']['share']:.0%} of the encoder filled, {left_out} tensors left out.",
            )
        elif last.get("field") == "heads":
            self.needs_heads.emit(self._path, str(last["error"]))
        elif "error" in last:
            self.failed.emit(str(last["error"]), str(last.get("fix", "")))
        else:
            reason = complaint.splitlines()[-1] if complaint else "Try again."
            self.failed.emit("The weights could not be imported.", reason)
