"""From an opened picture of 8 bit to its upright grey levels, in memory that is bounded.

Pillow copies a whole picture for each change of its mode, so large ones are changed strip by strip: pixel by pixel the
result is the same. Free of torch.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

# Larger pictures are read at half their width and height; no view is anywhere near as large.
MOST_WHOLE_PIXELS = 2**26
STRIP_PIXELS = 2**22
ORIENTATION = 0x0112


def levels_of(image: Image.Image, channels: int) -> Picture:
    """Pixels of a loaded picture, not yet turned: transparency on white, palettes and CMYK as colours.

    Args:
        image: Of any mode of 8 bits a band.
        channels: 3 or 1.

    Returns:
        H x W x channels uint8, half as wide and high where it has more than ``MOST_WHOLE_PIXELS``.
    """
    mode, (width, height) = "RGB" if channels == 3 else "L", image.size
    shrink = 2 if width * height > MOST_WHOLE_PIXELS else 1
    rows = max(STRIP_PIXELS // width // 2 * 2, 2)
    if shrink == 1 and height <= rows:
        pixels = np.asarray(_in_mode(image, mode))
        return pixels if pixels.ndim == 3 else pixels[:, :, None]
    out = np.empty((math.ceil(height / shrink), math.ceil(width / shrink), channels), np.uint8)
    for top in range(0, height, rows):
        part = _in_mode(image.crop((0, top, width, min(top + rows, height))), mode)
        pixels = np.asarray(part.reduce(shrink) if shrink > 1 else part)
        out[top // shrink : top // shrink + len(pixels)] = pixels.reshape(*pixels.shape[:2], channels)
    return out


def turned(picture: Picture, orientation: int) -> Picture:
    """Turn and mirror H x W x C as EXIF's orientation 1 to 8 says; other numbers leave it."""
    changes = {
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.swapaxes(0, 1),
        6: picture.swapaxes(0, 1)[:, ::-1],
        7: picture[::-1, ::-1].swapaxes(0, 1),
        8: picture.swapaxes(0, 1)[::-1],
    }
    return np.ascontiguousarray(changes[orientation]) if orientation in changes else picture


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    if image.has_transparency_data:
        image = _on_white(image)
    return image if image.mode == mode else image.convert(mode)


def _on_white(image: Image.Image) -> Image.Image:
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")
