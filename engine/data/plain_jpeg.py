"""Decode ordinary JPEGs faster than Pillow does; free of torch.

OpenCV and Pillow unpack JPEGs with the same library (libjpeg-turbo) and its same settings, so that the levels are equal
as long as both carry a version that computes alike; OpenCV lays them out at once where Pillow copies twice. It is
less careful with whatever is odd, so only files with nothing odd about them are decoded here.
"""

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

# Markers: baseline, extended and progressive frames; tables, restarts and comments, which change no colour;
# APP0 is JFIF's.
FRAMES = (0xC0, 0xC1, 0xC2)
HARMLESS = (0xC4, 0xDB, 0xDD, 0xE0, 0xFE)
START_OF_SCAN = 0xDA


def decode_plain_jpeg(data: bytes, channels: int, most_pixels: int) -> NDArray[np.uint8] | None:
    """Decode a JPEG that is whole, of 8 bit, grey or YCbCr by JFIF, and has no EXIF, Adobe or colour profile block.

    Args:
        data: The whole file.
        channels: 3, or 1 for pictures that are stored grey.
        most_pixels: Larger ones are left to others to refuse.

    Returns:
        H x W x channels uint8, or None for everything else, which ``decode.read_picture`` reads with Pillow.
    """
    frame = _frame(data)
    if frame is None:
        return None
    height, width, stored = frame
    if not 0 < height * width <= most_pixels or stored not in (1, channels):
        return None
    colours = cv2.IMREAD_COLOR_RGB if channels == 3 else cv2.IMREAD_GRAYSCALE
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), colours | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    if picture is None or picture.shape[:2] != (height, width):
        return None
    return np.asarray(picture, np.uint8).reshape(height, width, channels)


def _frame(data: bytes) -> tuple[int, int, int] | None:
    """Height, width and components of a JPEG with nothing odd before its pixels and a proper end; else None."""
    if data[:4] != b"\xff\xd8\xff\xe0" or data[6:11] != b"JFIF\0" or data[-2:] != b"\xff\xd9":
        return None
    place, found = 2, None
    while place + 9 < len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], struct.unpack_from(">H", data, place + 2)[0]
        if marker == START_OF_SCAN:
            return found
        if marker in FRAMES and found is None:
            bits, height, width, stored = struct.unpack_from(">BHHB", data, place + 4)
            found = (height, width, stored) if bits == 8 else None
        elif marker not in HARMLESS:
            return None
        place += 2 + length
    return None
