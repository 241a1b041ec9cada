"""The window's side of the inspector: one warm process that looks inside pictures and checkpoints.

Requests and replies are JSON lines; arrays come as ``.npz`` files that are read and deleted here. A *lane* is a
place on screen, such as the preview of a form: within a lane only the newest request matters.
"""

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QProcess, Signal

from engine.store import Store
from studio.live.json_lines import JsonLines

STOP_MILLISECONDS = 1500
TAIL_CHARACTERS = 4000


@dataclasses.dataclass(frozen=True)
class Reply:
    """What the inspector answered.

    Args:
        id: Number that ``InspectorClient.request`` returned.
        lane: Lane of the request.
        ok: False when ``error`` says what went wrong.
        arrays: Arrays by name, pictures as (H, W, C) uint8.
        info: Everything else the operation tells.
        error: One sentence of what went wrong; empty when ok.
        fix: One sentence of what to do about it.
        detail: Technical tail for a report, such as the end of a traceback.
        field: Dotted name of the setting that the error is about; empty when it is about none.
    """

    id: int
    lane: str
    ok: bool
    arrays: dict[str, np.ndarray[Any, Any]] = dataclasses.field(default_factory=dict)
    info: dict[str, Any] = dataclasses.field(default_factory=dict)
    error: str = ""
    fix: str = ""
    detail: str = ""
    field: str = ""


OnReply = Callable[[Reply], None]


class InspectorClient(QObject):
    """Sends requests to the inspector process and hands the newest reply of each lane back.

    The process starts with the first request and again after it died. Callbacks run in the window's thread.

    Args:
        store: The store the inspector reads runs and checkpoints from.
        parent: Qt owner.
        command: Program and arguments instead of the real inspector.
    """

    busy_changed = Signal(bool)
    ready_changed = Signal(bool)

    def __init__(
        self, store: Store, parent: QObject | None = None, *, command: list[str] | None = None
    ) -> None:
        super().__init__(parent)
        self._command = command or [sys.executable, "-m", "engine.jobs.inspector", "--store", store.url]
        self._process: QProcess | None = None
        self._lines = JsonLines()
        self._last_id = 0
        self._waiting: dict[str, tuple[int, OnReply]] = {}
        self._tail = ""
        self._is_ready = False

    @property
    def is_ready(self) -> bool:
        """True once the process has loaded what it needs."""
        return self._is_ready

    @property
    def is_busy(self) -> bool:
        """True while a reply is awaited."""
        return bool(self._waiting)

    def request(self, lane: str, op: str, on_reply: OnReply, **arguments: Any) -> int:
        """Ask for something; a reply to an earlier request of the same lane is never delivered any more.

        Args:
            lane: Name of the place on screen that waits.
            op: "thumbnails", "preview", "reconstruct" or "attention".
            on_reply: Called once with the reply, unless the request is cancelled or replaced.
            arguments: What the operation takes, as JSON values.
        """
        self._last_id += 1
        self._waiting[lane] = (self._last_id, on_reply)
        self._send({"id": self._last_id, "lane": lane, "op": op, **arguments})
        self.busy_changed.emit(True)
        return self._last_id

    def cancel(self, lane: str) -> None:
        """Forget what the lane waits for."""
        if self._waiting.pop(lane, None) is not None:
            self.busy_changed.emit(self.is_busy)

    def stop(self) -> None:
        """End the process and forget every request; a later request starts it again."""
        self._waiting.clear()
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()
            process.terminate()
            if not process.waitForFinished(STOP_MILLISECONDS):
                process.kill()
                process.waitForFinished(STOP_MILLISECONDS)
            process.deleteLater()
        self._set_ready(False)
        self.busy_changed.emit(False)

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is None:
            self._start()
        assert self._process is not None
        self._process.write(json.dumps(message).encode() + b"\n")

    def _start(self) -> None:
        self._lines = JsonLines()
        self._tail = ""
        process = QProcess(self)
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_error_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_process_error)
        self._process = process
        process.start(self._command[0], self._command[1:])

    def _on_output(self) -> None:
        if self._process is None:
            return
        for message in self._lines.feed(bytes(self._process.readAllStandardOutput().data())):
            if message.get("ready"):
                self._set_ready(True)
            elif "id" in message:
                self._on_message(message)

    def _on_message(self, message: dict[str, Any]) -> None:
        arrays = _take_arrays(message.get("arrays"))
        lane = next((lane for lane, (number, _) in self._waiting.items() if number == message["id"]), None)
        if lane is None or message.get("replaced"):
            return
        _, on_reply = self._waiting.pop(lane)
        self.busy_changed.emit(self.is_busy)
        on_reply(
            Reply(
                id=message["id"],
                lane=lane,
                ok=bool(message.get("ok")),
                arrays=arrays,
                info=message.get("info") or {},
                error=message.get("error", ""),
                fix=message.get("fix", ""),
                detail=message.get("detail", ""),
                field=message.get("field", ""),
            )
        )

    def _on_error_output(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
            self._tail = (self._tail + text)[-TAIL_CHARACTERS:]

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._fail_all("The inspector could not be started.", "Reinstall the studio, then try again.")

    def _on_finished(self) -> None:
        self._on_error_output()
        self._fail_all(
            "The inspector stopped unexpectedly.", "Try again: it starts anew with the next request."
        )

    def _fail_all(self, error: str, fix: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self._set_ready(False)
        waiting, self._waiting = self._waiting, {}
        self.busy_changed.emit(False)
        for lane, (number, on_reply) in waiting.items():
            on_reply(Reply(number, lane, ok=False, error=error, fix=fix, detail=self._tail))

    def _set_ready(self, ready: bool) -> None:
        if ready != self._is_ready:
            self._is_ready = ready
            self.ready_changed.emit(ready)


def _take_arrays(path: str | None) -> dict[str, np.ndarray[Any, Any]]:
    """Read the arrays of a reply and delete their file; empty when there are none."""
    if not path:
        return {}
    file = Path(path)
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except OSError:
        return {}
    finally:
        file.unlink(missing_ok=True)
