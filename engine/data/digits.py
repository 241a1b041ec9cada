"""Digits: scikit-learn's 1,797 handwritten digits (UCI, E. Alpaydin and C. Kaynak), 8 x 8, shown at 32 x 32."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.decode import Picture, to_channels
from engine.data.picture_set import PictureSet, SetInfo, digest
from engine.errors import DataError

DIGIT_SIDE = 32
# The bitmaps count ink in blocks of 4 x 4 dots.
MOST_INK = 16
INSIDE = "datasets/data/digits.csv.gz"  # of scikit-learn's folder


class DigitSet(PictureSet):
    """Handwritten digits, black ink as white on black; small enough to learn on any computer."""

    def __init__(self) -> None:
        bitmaps, labels = _load()
        self.bitmaps = bitmaps
        everything = np.arange(len(labels), dtype=np.int64)
        classes = tuple(str(digit) for digit in range(10))
        super().__init__(
            SetInfo("Digits", "builtin:digits", "builtin", {"train": everything}, classes, labels)
        )

    def read(self, index: int, channels: int = 3) -> Picture:
        """Enlarge the 8 x 8 bitmap four times, smoothly."""
        image = Image.fromarray(self.bitmaps[index]).resize(
            (DIGIT_SIDE, DIGIT_SIDE), Image.Resampling.BICUBIC
        )
        return to_channels(np.asarray(image)[:, :, None], channels)

    def describe(self, index: int) -> str:
        """Name and number."""
        return f"digits #{index}"

    def fingerprint(self) -> str:
        """Identify the bitmaps and labels."""
        labels: Any = self.labels
        return digest([self.location], [self.bitmaps.tobytes(), labels.tobytes()])


@cache
def _load() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    # The file itself: sklearn.datasets.load_digits gives the same, a second later, for it imports all of scikit-learn.
    place = find_spec("sklearn")
    if place is None or not place.submodule_search_locations:
        raise DataError(
            "scikit-learn is missing, which the digits come with.", "Install it, or take other pictures."
        )
    path = Path(place.submodule_search_locations[0]) / INSIDE
    rows = np.loadtxt(path, delimiter=",")  # (N, 65), the class last
    bitmaps = np.rint(rows[:, :-1].reshape(-1, 8, 8) * (255 / MOST_INK)).astype(np.uint8)
    return bitmaps, rows[:, -1].astype(np.int64)
