"""Pictures that lie many to a file, as CIFAR and STL-10 are published."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from engine.data.decode import Picture, to_channels
from engine.data.picture_file import read_picture_file
from engine.data.picture_set import Indices, PictureSet, SetInfo, digest
from engine.errors import DataError
from engine.file_names import name_as_text, place_as_text

MOST_NAME_BYTES = 2**20


@dataclass(frozen=True)
class Block:
    """Pictures of one file.

    Args:
        split: Where they belong.
        pixels: (n, C, rows, columns) uint8, or (n, C, columns, rows) for STL-10.
        labels: One per picture, -1 where unknown.
    """

    split: str
    pixels: NDArray[np.uint8]
    labels: Indices


class BlockSet(PictureSet):
    """Pictures in a few large files.

    Loader processes get the folder and read the files themselves: sending the pixels would cost more.
    """

    def __init__(self, name: str, kind: str, folder: Path) -> None:
        self.folder = folder
        self.blocks = self.read_blocks()
        self._starts = np.cumsum([0] + [len(block.labels) for block in self.blocks])
        labels = np.concatenate([block.labels for block in self.blocks])
        classes = self.class_names(int(labels.max(initial=0)) + 1)
        info = SetInfo(
            name, place_as_text(folder), kind, self._splits(), classes, labels, warnings=self.doubts()
        )
        super().__init__(info)

    @abstractmethod
    def read_blocks(self) -> list[Block]:
        """Read the files of the folder; training first."""

    @abstractmethod
    def class_names(self, count: int) -> tuple[str, ...]:
        """Names from the files that hold them, numbers where those are missing."""

    def doubts(self) -> tuple[str, ...]:
        """What may be wrong with the set, such as files that are missing."""
        return ()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "blocks": []}

    def _pixels(self, index: int) -> NDArray[np.uint8]:
        if not self.blocks:
            self.blocks = self.read_blocks()
        block = int(np.searchsorted(self._starts, index, side="right")) - 1
        pixels: NDArray[np.uint8] = self.blocks[block].pixels[index - int(self._starts[block])]
        return pixels

    @override
    def read(self, index: int, channels: int = 3) -> Picture:
        """Return the picture, H x W x channels uint8."""
        return to_channels(np.ascontiguousarray(self._pixels(index).transpose(1, 2, 0)), channels)

    @override
    def describe(self, index: int) -> str:
        """Name and number."""
        return f"{self.name} #{index}"

    @override
    def fingerprint(self) -> str:
        """Identify the labels and 512 pictures spread over the set; the same for both file formats."""
        labels: Any = self.labels
        some = np.linspace(0, len(self) - 1, 512).astype(int).tolist()
        return digest([self.name], [labels.tobytes(), *(self._pixels(index).tobytes() for index in some)])

    def _splits(self) -> dict[str, Indices]:
        splits: dict[str, list[Indices]] = {}
        for number, block in enumerate(self.blocks):
            numbers = np.arange(self._starts[number], self._starts[number + 1], dtype=np.int64)
            splits.setdefault(block.split, []).append(numbers)
        return {split: np.concatenate(parts) for split, parts in splits.items()}


def rows_of(file: Path, row_bytes: int) -> NDArray[np.uint8]:
    """The file as rows of bytes; only what is used is read from the disk."""
    try:
        size = file.stat().st_size
        rows: NDArray[np.uint8] = np.memmap(file, dtype=np.uint8, mode="r") if size else np.empty(0, np.uint8)
    except OSError as error:
        raise DataError(f"{file.name} cannot be read: {error.strerror or error}.") from error
    if size == 0 or size % row_bytes:
        raise DataError(
            f"{file.name} has {size:,} bytes, not a whole number of pictures.", "Download it again."
        )
    return rows.reshape(-1, row_bytes)


def names_in(file: Path) -> list[str]:
    """The words of a file of class names."""
    text = read_picture_file(file, most_bytes=MOST_NAME_BYTES).decode("utf-8", "replace")
    return list(map(name_as_text, text.split()))
