"""What is known of every vector of an embedding: its picture, split and class, and no place on this computer."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.data.eval_loader import EvalBatch
from engine.data.picture_set import FileSet, PictureSet, split_of
from engine.exports.embedding_file import COLUMNS
from engine.file_names import name_as_text


class EmbeddedRows:
    """Names pictures relative to their set's folder, or to the folder above all those that a list names elsewhere.

    Args:
        pictures: The set.
    """

    def __init__(self, pictures: PictureSet) -> None:
        self._pictures, self._splits = pictures, split_of(pictures)
        files = pictures.files if isinstance(pictures, FileSet) else []
        outside = [os.path.dirname(file) for file in files if Path(file).is_absolute()]
        self._root = os.path.commonpath(outside) if outside else ""

    def of(self, batch: EvalBatch, *, patches: int) -> Mapping[str, list[Any]]:
        """Values of ``COLUMNS`` for a batch; each picture has one row, or one a patch."""
        each = range(patches) if patches else [-1]
        rows: list[tuple[Any, ...]] = []
        for index, label in zip(batch.index.tolist(), batch.labels.tolist(), strict=True):
            known = (index, self._name(index), self._splits[index], label, self._class(label))
            rows += [(*known, patch) for patch in each]
        return dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))

    def _class(self, label: int) -> str:
        return self._pictures.classes[label] if label >= 0 else ""

    def _name(self, index: int) -> str:
        file = self._pictures.path(index)
        name = self._pictures.describe(index)
        if file is None or not self._root or not Path(name).is_absolute():
            return name
        return name_as_text(os.path.relpath(file, self._root))
