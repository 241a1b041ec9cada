"""Pictures deeper than 8 bits a band: their values as they are stored, and the levels these become in a range.

Pillow reads grey values of any depth but cuts colours of 16 bit to their upper byte, so that those come from OpenCV.
Free of torch.
"""

from dataclasses import dataclass
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.levels import STRIP_PIXELS, Picture, turned
from engine.errors import DataError
from engine.value_range import Limits, ValueRange, range_of_values

BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339  # tags of TIFF
WHITE_IS_ZERO, UNSIGNED = 0, 1
WITHOUT_MEANING = 0  # of TIFF's further bands: not opacity
EXTRA_SAMPLES = 338

# What is wrong with a file is said by us; OpenCV would write lines of its own into a person's terminal.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

PNG = b"\x89PNG\r\n\x1a\n"
OPAQUE = 65535
COLOUR_MODES = frozenset({"RGB", "RGBA", "RGBX", "LA"})
Values = NDArray[Any]


@dataclass(frozen=True)
class DeepPicture:
    """Values of one picture.

    Args:
        values: (H, W) or (H, W, 3), whole or floating point numbers, all finite.
        opacity: (H, W) 0 to 65535, or None.
        orientation: EXIF's, 1 to 8.
        is_inverted: The lowest value is white.
    """

    values: Values
    opacity: Values | None = None
    orientation: int = 1
    is_inverted: bool = False

    @property
    def are_integers(self) -> bool:
        """True for whole numbers."""
        return self.values.dtype.kind in "iu"

    @property
    def limits(self) -> Limits:
        """Lowest and highest value."""
        return float(self.values.min()), float(self.values.max())

    @property
    def own_range(self) -> ValueRange:
        """The range that this picture alone suggests, for one that belongs to no set."""
        own = [self.limits]
        return range_of_values(own, []) if self.are_integers else range_of_values([], own)

    def levels(self, value_range: ValueRange) -> Picture:
        """Upright levels in a range, H x W x 1 or 3 uint8; values outside become black or white."""
        low, high = value_range.limits(are_integers=self.are_integers)
        height, width = self.values.shape[:2]
        out = np.empty((height, width, self.values[0, 0].size), np.uint8)
        rows = max(STRIP_PIXELS // 4 // width, 1)
        for top in range(0, height, rows):
            part = self.values[top : top + rows].astype(np.float64).reshape(-1, width, out.shape[2])
            shares = (part.clip(low, high) - low) * (255 / (high - low))
            if self.is_inverted:
                shares = 255 - shares
            if self.opacity is not None:
                share = self.opacity[top : top + rows, :, None].astype(np.float64) / OPAQUE
                shares = shares * share + 255 * (1 - share)
            out[top : top + rows] = np.rint(shares)
        return turned(out, self.orientation)


def is_deep(image: Image.Image) -> bool:
    """True when an opened, not yet loaded picture has more than 8 bits a band."""
    if image.mode == "F" or image.mode.startswith("I"):
        return True
    return image.mode in COLOUR_MODES and _is_16_bit(image)


def deep_values(image: Image.Image, file: BinaryIO, orientation: int) -> DeepPicture:
    """Values of a loaded picture that ``is_deep``.

    Args:
        image: As Pillow read it; this also found out whether the file is whole.
        file: Where it was opened from.
        orientation: EXIF's.

    Raises:
        DataError: For values that are no numbers.
    """
    tags = getattr(image, "tag_v2", {})
    if image.mode in COLOUR_MODES:
        return _colours(image, file, orientation, tags)
    values = np.asarray(image)
    if image.mode == "I" and tags.get(BITS) == (32,) and tags.get(SAMPLE_FORMAT, (UNSIGNED,))[0] == UNSIGNED:
        values = values.view(np.uint32)
    return of_values(values, orientation=orientation, is_inverted=tags.get(PHOTOMETRIC) == WHITE_IS_ZERO)


def of_values(values: Values, **more: Any) -> DeepPicture:
    """A picture of values; ``DataError`` where some are no numbers."""
    if not np.isfinite(values).all():
        raise DataError("The picture has values that are not numbers (NaN or infinite).")
    return DeepPicture(values, **more)


def unpacked(file: BinaryIO) -> Values | None:
    """Values of a file as OpenCV reads them, H x W or H x W x 3 or 4, red first; None where it cannot."""
    file.seek(0)
    data = file.read()
    if data.startswith(PNG) and not _has_whole_chunks(data):
        return None
    try:
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if found is None or found.ndim == 2:
        return found
    return found[:, :, [2, 1, 0, *range(3, found.shape[2])]]


def _has_whole_chunks(data: bytes) -> bool:
    """False where a part of a PNG claims more bytes than there are: OpenCV would take that much memory first."""
    at = len(PNG)
    while at + 8 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + length
        if name == b"IEND":
            return at <= len(data)
    return False


def _colours(image: Image.Image, file: BinaryIO, orientation: int, tags: Any) -> DeepPicture:
    values = unpacked(file)
    if values is None or values.dtype != np.uint16 or values.ndim == 2 or values.shape[1::-1] != image.size:
        # A packing that OpenCV does not know: the upper bytes are better than nothing.
        values = np.asarray(image).astype(np.uint16) * 257
        if image.mode == "LA":
            values = values[:, :, [0, 0, 0, 1]]
    has_opacity = values.shape[2] == 4 and image.mode in ("RGBA", "LA")
    if has_opacity and tags.get(EXTRA_SAMPLES, (1,))[0] == WITHOUT_MEANING:
        has_opacity = False
    opacity = values[:, :, 3] if has_opacity else None
    return of_values(values[:, :, :3], opacity=opacity, orientation=orientation)


def _is_16_bit(image: Image.Image) -> bool:
    if image.format == "TIFF":
        bits = image.tag_v2.get(BITS, (8,))  # type: ignore[attr-defined]
        return bool(max(bits) == 16)
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in getattr(image, "tile", ()))
