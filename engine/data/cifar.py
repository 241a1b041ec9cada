"""CIFAR-10 and CIFAR-100, Python and binary versions.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from engine.data.block_set import Block, BlockSet, names_in, rows_of
from engine.data.picture_set import Indices
from engine.data.safe_pickle import load_pickle
from engine.errors import DataError
from engine.file_names import name_as_text, place_as_text


@dataclass(frozen=True)
class CifarLayout:
    """File names of one CIFAR set.

    Args:
        name: To show.
        kind: As in ``open_pictures``.
        pickles: File -> split, Python version.
        binaries: File -> split, binary version.
        num_classes: Labels are below it.
        label_bytes: Bytes before each binary picture; the last one is the fine label.
        label_key: Name of the labels in the pickles.
        names_files: Files with the names of the classes: pickle and text.
        names_key: Name of the names in the pickle.
    """

    name: str
    kind: str
    pickles: dict[str, str]
    binaries: dict[str, str]
    num_classes: int
    label_bytes: int
    label_key: str
    names_files: tuple[str, str]
    names_key: str


CIFAR10 = CifarLayout(
    name="CIFAR-10",
    kind="cifar10",
    pickles={**{f"data_batch_{i}": "train" for i in range(1, 6)}, "test_batch": "test"},
    binaries={**{f"data_batch_{i}.bin": "train" for i in range(1, 6)}, "test_batch.bin": "test"},
    num_classes=10,
    label_bytes=1,
    label_key="labels",
    names_files=("batches.meta", "batches.meta.txt"),
    names_key="label_names",
)
CIFAR100 = CifarLayout(
    name="CIFAR-100",
    kind="cifar100",
    pickles={"train": "train", "test": "test"},
    binaries={"train.bin": "train", "test.bin": "test"},
    num_classes=100,
    label_bytes=2,
    label_key="fine_labels",
    names_files=("meta", "fine_label_names.txt"),
    names_key="fine_label_names",
)
CIFAR_SHAPE = (3, 32, 32)


class CifarSet(BlockSet):
    """CIFAR-10 or CIFAR-100, Python or binary version."""

    def __init__(self, layout: CifarLayout, folder: Path) -> None:
        self.layout = layout
        self.missing: list[str] = []
        super().__init__(layout.name, layout.kind, folder)

    @override
    def read_blocks(self) -> list[Block]:
        """Read the files of the folder; training first."""
        is_binary = not any((self.folder / file).is_file() for file in self.layout.pickles)
        files = self.layout.binaries if is_binary else self.layout.pickles
        read = self._read_binary if is_binary else self._read_pickle
        present = [(file, split) for file, split in files.items() if (self.folder / file).is_file()]
        if "train" not in {split for _, split in present}:
            raise DataError(
                f"{place_as_text(self.folder)} has no training files of {self.layout.name}.",
                "Unpack the archive again.",
            )
        self.missing = [file for file in files if file not in dict(present)]
        return [Block(split, *self._checked(file, *read(self.folder / file))) for file, split in present]

    def _checked(
        self, file: str, pixels: NDArray[np.uint8], labels: Indices
    ) -> tuple[NDArray[np.uint8], Indices]:
        if labels.shape != (len(pixels),):
            raise DataError(
                f"{file} has {len(pixels)} pictures but {labels.size} labels.", "Download it again."
            )
        if ((labels < 0) | (labels >= self.layout.num_classes)).any():
            raise DataError(
                f"{file} has labels outside 0..{self.layout.num_classes - 1}, so it is not {self.layout.name}'s.",
                "Download it again.",
            )
        return pixels, labels

    @override
    def class_names(self, count: int) -> tuple[str, ...]:
        """Names from the files that hold them, numbers where those are missing."""
        pickled, text = (self.folder / file for file in self.layout.names_files)
        names: list[str] = []
        if text.is_file():
            names = names_in(text)
        elif pickled.is_file():
            found = load_pickle(pickled).get(self.layout.names_key)
            if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
                raise DataError(
                    f"{pickled.name} does not name the classes of {self.layout.name}.",
                    "Download it again, or remove it: classes are then numbers.",
                )
            names = list(map(name_as_text, found))
        return tuple(names) if len(names) >= count else tuple(str(i) for i in range(count))

    @override
    def doubts(self) -> tuple[str, ...]:
        """Name the files that the published set has and the folder has not."""
        if not self.missing:
            return ()
        return (f"Files of {self.layout.name} that are not in the folder: {', '.join(self.missing)}.",)

    def _read_pickle(self, file: Path) -> tuple[NDArray[np.uint8], Indices]:
        content = load_pickle(file)
        try:
            pixels = np.asarray(content["data"], dtype=np.uint8).reshape(-1, *CIFAR_SHAPE)
            labels = np.asarray(content[self.layout.label_key], dtype=np.int64).reshape(-1)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"{file.name} is not a file of {self.layout.name}.", "Download it again."
            ) from error
        return pixels, labels

    def _read_binary(self, file: Path) -> tuple[NDArray[np.uint8], Indices]:
        rows = rows_of(file, self.layout.label_bytes + int(np.prod(CIFAR_SHAPE)))
        labels = rows[:, self.layout.label_bytes - 1].astype(np.int64)
        return rows[:, self.layout.label_bytes :].reshape(-1, *CIFAR_SHAPE), labels
