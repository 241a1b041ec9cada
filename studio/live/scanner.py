"""Scans a place of pictures in a process of its own, so that a slow disk never stops the window."""

import sys
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from engine.errors import EngineError
from engine.store import Store, get_dataset
from studio.live.json_lines import JsonLines

STOP_MILLISECONDS = 1500


class Scanner(QObject):
    """Runs ``ssl-engine scan`` and tells how far it is; a new scan ends the one before.

    Args:
        store: Where the data set's row is saved.
        parent: Qt owner.
        command: Program and first arguments instead of the real command line.
    """

    progress = Signal(dict)
    finished = Signal(object)
    failed = Signal(str, str)

    def __init__(
        self, store: Store, parent: QObject | None = None, *, command: list[str] | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._command = command or [sys.executable, "-m", "engine.cli", "scan"]
        self._process: QProcess | None = None
        self._leaving: list[QProcess] = []
        self._lines = JsonLines()
        self._last: dict[str, Any] = {}
        self.location = ""

    @property
    def is_scanning(self) -> bool:
        """True while a scan runs."""
        return self._process is not None

    def scan(self, location: str, kind: str = "auto", channels: int = 3) -> None:
        """Start to scan; ends with ``finished(Dataset)`` or ``failed(sentence, what to do)``.

        Args:
            location: A folder, a CSV list or ``builtin:NAME``.
            kind: Layout of the folder, "auto" to recognise it.
            channels: 1 or 3.
        """
        self.cancel()
        self.location = location
        self._lines, self._last = JsonLines(), {}
        process = QProcess(self)
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_process_error)
        self._process = process
        options = ["--kind", kind, "--channels", str(channels), "--store", self._store.url, "--json-lines"]
        process.start(self._command[0], [*self._command[1:], *options, "--", location])

    def cancel(self) -> None:
        """End the running scan without a word; nothing of it is saved."""
        process, self._process = self._process, None
        if process is None:
            return
        process.readyReadStandardOutput.disconnect(self._on_output)
        process.finished.disconnect(self._on_finished)
        process.errorOccurred.disconnect(self._on_process_error)
        process.finished.connect(partial(self._leave, process))
        self._leaving.append(process)
        process.kill()

    def stop(self) -> None:
        """End the running scan and wait until every process is gone."""
        self.cancel()
        for process in list(self._leaving):
            process.waitForFinished(STOP_MILLISECONDS)

    def _leave(self, process: QProcess, *_: object) -> None:
        if process in self._leaving:
            self._leaving.remove(process)
            process.deleteLater()

    def _on_output(self) -> None:
        if self._process is None:
            return
        for message in self._lines.feed(bytes(self._process.readAllStandardOutput().data())):
            self._last = message
            if "done" in message:
                self.progress.emit(message)

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit("The scan could not be started.", "Reinstall the studio, then try again.")

    def _on_finished(self, exit_code: int) -> None:
        self._on_output()
        process, self._process = self._process, None
        if process is None:
            return
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        if exit_code == 0 and "dataset" in self._last:
            self._tell_finished(int(self._last["dataset"]))
        elif "error" in self._last:
            self.failed.emit(str(self._last["error"]), str(self._last.get("fix", "")))
        else:
            self.failed.emit(
                "The pictures could not be scanned.", said.splitlines()[-1] if said else "Try again."
            )

    def _tell_finished(self, dataset_id: int) -> None:
        try:
            dataset = get_dataset(self._store, dataset_id)
        except EngineError as error:
            self.failed.emit(error.message, error.fix)
        else:
            self.finished.emit(dataset)
