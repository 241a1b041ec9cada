"""A set of pictures with labels and splits: what every source gives, whatever is on the disk."""

import hashlib
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.account import Account
from engine.data.class_names import class_notes, class_warnings
from engine.data.decode import DeepPicture, Picture, decode, to_channels
from engine.data.picture_file import read_picture_file
from engine.data.range_search import FoundRange, find_range
from engine.errors import DataError
from engine.file_names import name_as_text, name_from_text
from engine.value_range import ValueRange

Indices = NDArray[np.int64]

# The content of so many files is part of a fingerprint; names, sizes and labels of all files always are.
FINGERPRINT_FILES = 512


@dataclass(frozen=True)
class SetInfo:
    """What is known of a set before a picture is read.

    Args:
        name: Short name to show.
        location: What ``open_pictures`` was given, as an absolute path or ``builtin:name``.
        kind: Layout, one of the kinds of ``open_pictures``, never ``auto``.
        splits: Picture numbers per split: ``train`` always, ``validation`` and ``test`` where present.
        classes: Names of the classes, empty without labels.
        labels: One class number per picture, -1 where it is unknown; None without labels.
        notes: Sentences the person should read, such as how a layout was understood.
        warnings: Sentences of what may be wrong, such as classes that training lacks; those about classes are added.
        account: Every file that was seen; None for sets without files to leave out.
    """

    name: str
    location: str
    kind: str
    splits: Mapping[str, Indices]
    classes: tuple[str, ...] = ()
    labels: Indices | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    account: Account | None = None


class PictureSet(ABC):
    """Pictures that are read one by one; it is small enough to be sent to loader processes.

    Args:
        info: What is known of the set; its fields are attributes of the set as well.
    """

    def __init__(self, info: SetInfo) -> None:
        self.name = info.name
        self.location = info.location
        self.kind = info.kind
        self.splits = dict(info.splits)
        self.classes = info.classes
        self.labels = info.labels
        of_classes = info.classes, info.labels, info.splits
        # Each once: a set that wraps another, such as a cache, is made of the other's sentences.
        self.notes = tuple(dict.fromkeys((*info.notes, *class_notes(*of_classes))))
        self.warnings = tuple(dict.fromkeys((*class_warnings(*of_classes), *info.warnings)))
        self.account = info.account or Account(len(self), len(self))

    def __len__(self) -> int:
        return sum(len(indices) for indices in self.splits.values())

    @property
    def has_labels(self) -> bool:
        """True when there are at least two classes, so that accuracy means something."""
        return self.labels is not None and len(self.classes) >= 2

    @property
    def train(self) -> Indices:
        """Numbers of the pictures to learn from."""
        return self.splits["train"]

    @property
    def found_range(self) -> FoundRange:
        """What is black and white in pictures deeper than 8 bits, and how that is known."""
        return FoundRange()

    def use_range(self, value_range: ValueRange | None) -> None:  # noqa: B027 (most sets have no use for it)
        """Take a range as given, None to find it in the pictures; nothing where no picture is deeper than 8 bits."""

    @property
    def value_range(self) -> ValueRange | None:
        """What is black and white in pictures deeper than 8 bits; None where there are none."""
        return self.found_range.value_range

    def path(self, index: int) -> Path | None:  # noqa: ARG002 (sets made of files use it)
        """File of a picture; None when it is not a file of its own."""
        return None

    @abstractmethod
    def read(self, index: int, channels: int = 3) -> Picture:
        """Return the picture, H x W x channels uint8; ``DataError`` with the reason when it cannot be read."""

    @abstractmethod
    def describe(self, index: int) -> str:
        """Say which picture this is: its file, or its name and number."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Identify the content: the same on every machine and for every folder it is copied to."""


class FileSet(PictureSet):
    """Pictures that are one file each.

    Args:
        info: What is known of the set.
        files: Paths, relative to ``root`` where possible.
        root: Folder the relative paths start from.
    """

    def __init__(self, info: SetInfo, files: list[str], root: Path) -> None:
        super().__init__(info)
        self.files = files
        self.root = root
        self._range: FoundRange | None = None

    def use_range(self, value_range: ValueRange | None) -> None:
        """Take a range as given, None to find it in the pictures."""
        self._range = FoundRange(value_range, is_given=True) if value_range else None

    @property
    def found_range(self) -> FoundRange:
        """The range as it was given, or as it is found in a sample once it is asked for."""
        if self._range is None:
            self._range = find_range([self.path(index) for index in range(len(self.files))])
        return self._range

    def path(self, index: int) -> Path:
        """File of a picture."""
        return self.root / self.files[index]

    def read(self, index: int, channels: int = 3) -> Picture:
        """Decode the file, see ``decode.read_picture``; values deeper than 8 bits are read in the set's range."""
        found = decode(self.path(index), channels)
        if isinstance(found, DeepPicture):
            return to_channels(found.levels(self.value_range or found.own_range), channels)
        return found

    def describe(self, index: int) -> str:
        """Path of the file, relative to the set's folder, as text that can be turned back; see ``name_as_text``."""
        return name_as_text(self.files[index])

    def fingerprint(self) -> str:
        """Identify names, sizes, labels and splits of all files and the content of 512 spread over the set.

        Takes well under a second per 100,000 files. A file changed in place without changing its size may be
        missed when it is not among the 512.
        """
        rows = (
            f"{_portable(file)}\0{_size(self.root / file)}\0{label}\0{split}"
            for file, label, split in zip(self.files, self._label_names(), split_of(self), strict=True)
        )
        spread = np.unique(np.linspace(0, len(self.files) - 1, FINGERPRINT_FILES).astype(np.int64))
        contents = (_content(self.root / self.files[i]) for i in spread)
        return digest(rows, contents)

    def _label_names(self) -> list[str]:
        if self.labels is None:
            return [""] * len(self.files)
        names = [name_from_text(name) for name in self.classes]
        return [names[label] if label >= 0 else "" for label in self.labels.tolist()]


def split_of(pictures: PictureSet) -> list[str]:
    """Name of the split of every picture, in order."""
    names = [""] * len(pictures)
    for split, indices in pictures.splits.items():
        for index in indices.tolist():
            names[index] = split
    return names


def digest(rows: Iterable[str], contents: Iterable[bytes]) -> str:
    """Hash lines of text and blocks of bytes into 32 hexadecimal digits."""
    state = hashlib.blake2b(digest_size=16)
    for row in rows:
        state.update(row.encode("utf-8", "surrogateescape") + b"\n")
    for content in contents:
        state.update(hashlib.blake2b(content).digest())
    return state.hexdigest()


def _portable(file: str) -> str:
    # macOS hands out decomposed accents and Windows backslashes; the set is the same.
    return unicodedata.normalize("NFC", file.replace("\\", "/"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # a list may name anything
        return -1


def _content(path: Path) -> bytes:
    try:
        return read_picture_file(path)
    except DataError:
        return b""
