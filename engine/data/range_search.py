"""Find the one range of values of a set of files, from a sample that is always the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.decode import UnknownTiffError, decode, opened
from engine.data.deep_picture import DeepPicture, is_deep
from engine.data.picture_file import open_picture_file
from engine.errors import DataError
from engine.value_range import Limits, ValueRange, range_of_values

# Files whose first bytes are looked at, and pictures deeper than 8 bits among them that are read.
MOST_LOOKED_AT = 512
MOST_MEASURED = 64

# Beginnings of files that have 8 bits a band at most: JPEG, GIF, BMP, WebP.
ALWAYS_8_BIT = (b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF")


@dataclass(frozen=True)
class FoundRange:
    """What is black and white in a set, and how that is known.

    Args:
        value_range: None where no picture of the sample is deeper than 8 bits.
        measured: Pictures whose values were looked at; 0 when the range was given.
        is_given: A person chose the range.
    """

    value_range: ValueRange | None = None
    measured: int = 0
    is_given: bool = False

    @property
    def note(self) -> str:
        """A sentence for the person; empty for sets of 8 bit."""
        if self.value_range is None:
            return ""
        low_to_high = f"Pictures deeper than 8 bits: values {self.value_range} become black to white"
        if self.is_given:
            return f"{low_to_high}, as set."
        return (
            f"{low_to_high}, found in {self.measured} of them; 'Value range' (data.value_range) changes it."
        )


def find_range(paths: Sequence[Path]) -> FoundRange:
    """Find the range of a set: that which fits the values of up to 64 pictures among 512 spread over it.

    Args:
        paths: All files of the set, in its order.
    """
    deep = [path for path in _spread(paths, MOST_LOOKED_AT) if _may_be_deep(path)]
    limits: dict[bool, list[Limits]] = {True: [], False: []}
    for path in _spread(deep, MOST_MEASURED):
        try:
            found = decode(path)
        except DataError:
            continue  # the scan lists it
        if isinstance(found, DeepPicture):
            limits[found.are_integers].append(found.limits)
    measured = len(limits[True]) + len(limits[False])
    if not measured:
        return FoundRange()
    return FoundRange(range_of_values(limits[True], limits[False]), measured)


def _may_be_deep(path: Path) -> bool:
    try:
        file, _ = open_picture_file(path)
        with file:
            if file.read(8).startswith(ALWAYS_8_BIT):
                return False
            with opened(file) as image:
                return is_deep(image)
    except UnknownTiffError:
        return True
    except (DataError, OSError):
        return False


def _spread(paths: Sequence[Path], most: int) -> list[Path]:
    if len(paths) <= most:
        return list(paths)
    return [paths[index] for index in np.linspace(0, len(paths) - 1, most).astype(int).tolist()]
