"""Which files of a set are the same, byte for byte: found without reading those that cannot be."""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

import numpy as np

from engine.data.picture_set import Indices, PictureSet

# Of files of one size, the two ends are compared first; most are told apart by them.
END_BYTES = 4096
# Beyond these, comparing takes longer than it is worth before a run.
MOST_COMPARED = 200_000
LARGEST_COMPARED = 256 * 2**20


def same_content(pictures: PictureSet) -> Indices | None:
    """For each picture, the number of the first one with the same content; its own number for nearly all.

    Sizes are compared first, then the ends of files of one size, then whole files. None where pictures are no files
    of their own, or too many.
    """
    paths = [pictures.path(index) for index in range(len(pictures))]
    files = [path for path in paths if path is not None]
    if len(files) != len(paths) or len(files) > MOST_COMPARED:
        return None
    first = np.arange(len(files), dtype=np.int64)
    groups: Iterable[list[int]] = [list(range(len(files)))]
    for trait in (_size, _ends, _digest):
        groups = [part for group in groups for part in _divide(group, lambda index: trait(files[index]))]  # noqa: B023
    for group in groups:
        first[group] = group[0]
    return first


def _divide(group: list[int], trait: Callable[[int], Hashable]) -> list[list[int]]:
    """Split a group by a trait of its members; those that are alone, or without the trait, are done with."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for index in group:
        value = trait(index)
        if value is not None:
            found[value].append(index)
    return [part for part in found.values() if len(part) > 1]


def _size(path: Path) -> int | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    is_compared = stat.S_ISREG(status.st_mode) and 0 < status.st_size <= LARGEST_COMPARED
    return status.st_size if is_compared else None


def _ends(path: Path) -> bytes | None:
    try:
        with path.open("rb", buffering=0) as file:
            content = file.read(2 * END_BYTES)
            if len(content) == 2 * END_BYTES:
                file.seek(-END_BYTES, os.SEEK_END)
                content += file.read(END_BYTES)
        return hashlib.blake2b(content, digest_size=16).digest()
    except OSError:
        return None


def _digest(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
    except OSError:
        return None
