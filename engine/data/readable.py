"""Read pictures as tensors and find a stand-in for one that cannot be read."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.decode import Picture
from engine.data.picture_set import PictureSet
from engine.errors import DataError

# So many unreadable pictures in a row mean that the folder itself is gone, not that files are damaged.
MOST_FAILURES_IN_A_ROW = 50

Skipped = list[tuple[int, str]]


def picture_tensor(pictures: PictureSet, index: int, channels: int) -> Tensor:
    """Read one picture of a set as (channels, H, W) uint8; ``DataError`` when it cannot be read."""
    return as_tensor(pictures.read(index, channels))


def as_tensor(picture: Picture) -> Tensor:
    """View (H, W, C) as (C, H, W); the memory stays laid out pixel by pixel, which resizing likes best."""
    # Pillow's memory is read-only, and torch has no tensors that may not be written.
    return torch.from_numpy(picture if picture.flags.writeable else picture.copy()).permute(2, 0, 1)


class ReadableSet:
    """Reads a picture or, where that fails, the next one that can be read.

    Args:
        pictures: The set.
        indices: The pictures in use; "next" is meant in this order, so that the stand-in never depends on chance.
        channels: 1 or 3.
    """

    def __init__(self, pictures: PictureSet, indices: NDArray[np.int64], channels: int) -> None:
        self.pictures = pictures
        self.indices = np.sort(indices)
        self.channels = channels

    def read(self, index: int, skipped: Skipped) -> tuple[int, Tensor]:
        """Return the number and the tensor of the picture or its stand-in; what failed is added to ``skipped``.

        Raises:
            DataError: When so many in a row fail that the folder must be gone.
        """
        place = int(np.searchsorted(self.indices, index))
        reason = ""
        for offset in range(min(MOST_FAILURES_IN_A_ROW, len(self.indices))):
            candidate = int(self.indices[(place + offset) % len(self.indices)])
            try:
                return candidate, picture_tensor(self.pictures, candidate, self.channels)
            except DataError as error:
                reason = error.message
                skipped.append((candidate, f"{self.pictures.describe(candidate)}: {reason}"))
        raise DataError(
            f"No picture of {self.pictures.location} can be read any more. {reason}",
            "Is the disk still connected? Bring the folder back, then resume the run.",
        )
