"""Imports weights in a process of its own: reading them needs torch, which the window never loads."""

from typing import Any

from PySide6.QtCore import Signal
from typing_extensions import override

from studio.live.engine_command import EngineCommand


class Importer(EngineCommand):
    """Runs ``ssl-engine import``, one file at a time; ends with ``finished``, ``failed`` or ``needs_heads``.

    ``finished`` has the number of the run that stands for the weights and one sentence on what was found;
    ``needs_heads`` has the file whose attention heads a person must say, and the sentence to ask with.
    """

    finished = Signal(int, str)
    needs_heads = Signal(str, str)
    _path = ""

    def import_file(self, path: str, heads: int | None = None) -> None:
        """Begin to read a file; while one is read, another is not begun.

        Args:
            path: A file of weights.
            heads: Attention heads, where the weights do not tell.
        """
        options = [] if heads is None else ["--heads", str(heads)]
        if self._start("import", *options, "--", path):
            self._path = path

    @override
    def _take(self, result: dict[str, Any]) -> None:
        counts = result["report"]["counts"]
        left_out = counts["dropped"] + counts["unexpected"]
        self.finished.emit(
            int(result["run"]),
            f"{result['title']}: {result['report']['share']:.0%} of the encoder filled, {left_out} tensors left out.",
        )

    @override
    def _refuse(self, result: dict[str, Any]) -> None:
        if result.get("field") == "heads":
            self.needs_heads.emit(self._path, str(result["error"]))
        else:
            super()._refuse(result)
