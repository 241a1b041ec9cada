"""Takes encoders and embeddings out of runs, in a process of its own."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from typing_extensions import override

from engine.outputs import FORCE
from studio.live.engine_command import EngineCommand


class Exporter(EngineCommand):
    """Runs ``ssl-engine export`` and ``embed``; ends with ``finished`` (a sentence and the place) or ``failed``.

    Where files of others are in the way it ends with ``in_the_way`` (a sentence); ``replace`` then writes over them.
    """

    finished = Signal(str, str)
    in_the_way = Signal(str)
    _asked: tuple[str, ...] = ()

    def export(self, run_id: int, folder: str, formats: Sequence[str]) -> bool:
        """Begin to write a run's encoder; False while something else is written.

        Args:
            run_id: Which run.
            folder: Where to; made where missing.
            formats: Names that ``ssl-engine export --format`` takes.
        """
        return self._begin("export", str(run_id), "--out", folder, "--format", ",".join(formats))

    def embed(self, run_id: int, data: str, file: str, kind: str = "auto") -> bool:
        """Begin to write the features of every picture of a place; False while something else is written.

        Args:
            run_id: Which run.
            data: A folder, a list or a built-in set.
            file: Ends in .parquet or .npy.
            kind: Layout of the place, "auto" to recognise it.
        """
        return self._begin("embed", str(run_id), "--data", data, "--kind", kind, "--out", file)

    def replace(self) -> bool:
        """Begin what was refused once more, and write over what is in the way; False while something is written."""
        return self._begin(*self._asked, "--force")

    def _begin(self, command: str, run: str, *options: str) -> bool:
        if not self._start(command, *options, "--", run):
            return False
        self._asked = (command, run, *options)
        return True

    @override
    def _refuse(self, result: dict[str, Any]) -> None:
        if result.get("field") == FORCE:
            self.in_the_way.emit(str(result["error"]))
        else:
            super()._refuse(result)

    @override
    def _take(self, result: dict[str, Any]) -> None:
        place = str(result["out"])
        if "vectors" in result:
            left_out = f", {len(result['skipped']):,} pictures skipped" if result["skipped"] else ""
            sentence = f"{result['vectors']:,} vectors of {result['width']} numbers are in {place}{left_out}."
        else:
            worst = max(result["differences"].values())
            sentence = (
                f"The encoder is in {place}, each file checked (largest relative difference {worst:.1e})."
            )
        self.finished.emit(sentence, place)
