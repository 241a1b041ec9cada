"""From arrays to pictures on screen, and numbers to colours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtGui import QColor, QImage

Array = np.ndarray[Any, Any]

FORMATS = {
    1: QImage.Format.Format_Grayscale8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_RGBA8888,
}


def to_image(picture: Array) -> QImage:
    """Return a picture that owns its pixels.

    Args:
        picture: (H, W) or (H, W, C) uint8 with C = 1, 3 or 4.
    """
    pixels = np.ascontiguousarray(picture if picture.ndim == 3 else picture[:, :, None])
    height, width, channels = pixels.shape
    image = QImage(pixels.data, width, height, width * channels, FORMATS[channels])
    return image.copy()


def signed_colours(values: Array, limit: float, low: QColor, middle: QColor, high: QColor) -> Array:
    """Colour signed numbers along a ramp that is neutral at 0.

    Args:
        values: (H, W), any real numbers; not finite ones become neutral.
        limit: Size at which the ramp ends, above 0.
        low: Colour at ``-limit`` and below.
        middle: Colour at 0.
        high: Colour at ``limit`` and above.

    Returns:
        (H, W, 3) uint8.
    """
    share = np.clip(np.nan_to_num(values / max(limit, 1e-12), nan=0.0, posinf=0.0, neginf=0.0), -1, 1)[
        ..., None
    ]
    below, zero, above = (np.array([c.red(), c.green(), c.blue()], np.float64) for c in (low, middle, high))
    ramp = np.where(share < 0, zero + (below - zero) * -share, zero + (above - zero) * share)
    return np.round(ramp).astype(np.uint8)


def ramp_colours(values: Array, least: float, most: float, colours: Sequence[QColor]) -> Array:
    """Colour numbers along a ramp of even steps with straight lines between.

    Args:
        values: (...) real numbers; what lies beyond the ends, or is not a number, takes the colour of an end.
        least: Number of the first colour.
        most: Number of the last colour; where it is not above ``least`` everything takes the first.
        colours: Two or more.

    Returns:
        (..., 3) uint8.
    """
    room = most - least
    share = np.nan_to_num((values - least) / room, nan=0.0) if room > 0 else np.zeros(values.shape)
    steps = np.linspace(0, 1, len(colours))
    table = np.array([[c.red(), c.green(), c.blue()] for c in colours], np.float64)
    parts = [np.interp(share, steps, table[:, channel]) for channel in range(3)]
    return np.round(np.stack(parts, axis=-1)).astype(np.uint8)
