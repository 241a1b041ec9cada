"""STL-10, binary version.

Coates et al., "An Analysis of Single-Layer Networks in Unsupervised Feature Learning",
https://cs.stanford.edu/~acoates/stl10.
"""

from pathlib import Path

import numpy as np
from typing_extensions import override

from engine.data.block_set import Block, BlockSet, names_in, rows_of
from engine.errors import DataError

STL10_SHAPE = (3, 96, 96)


class Stl10Set(BlockSet):
    """STL-10, binary version: 5,000 labelled and 100,000 unlabelled training pictures, 8,000 test pictures."""

    PARTS = (("train", "train"), ("unlabeled", "train"), ("test", "test"))

    def __init__(self, folder: Path) -> None:
        super().__init__("STL-10", "stl10", folder)

    @override
    def read_blocks(self) -> list[Block]:
        """Read the files of the folder; training first."""
        parts = [part for part in self.PARTS if (self.folder / f"{part[0]}_X.bin").is_file()]
        if "train" not in {split for _, split in parts}:
            raise DataError(f"{self.folder} has no training files of STL-10.", "Unpack the archive again.")
        return [self._read_part(name, split) for name, split in parts]

    def _read_part(self, name: str, split: str) -> Block:
        pixels = rows_of(self.folder / f"{name}_X.bin", int(np.prod(STL10_SHAPE))).reshape(-1, *STL10_SHAPE)
        labels = np.full(len(pixels), -1, dtype=np.int64)
        label_file = self.folder / f"{name}_y.bin"
        if label_file.is_file():
            labels = rows_of(label_file, 1)[:, 0].astype(np.int64) - 1
        if len(labels) != len(pixels):
            raise DataError(f"STL-10's {name} part has {len(pixels)} pictures but {len(labels)} labels.")
        # The files hold the columns of a picture one after the other.
        return Block(split, pixels.transpose(0, 1, 3, 2), labels)

    @override
    def class_names(self, count: int) -> tuple[str, ...]:
        """Names from the file that holds them, numbers where it is missing."""
        file = self.folder / "class_names.txt"
        names = names_in(file) if file.is_file() else []
        return tuple(names) if len(names) >= count else tuple(str(i + 1) for i in range(count))
