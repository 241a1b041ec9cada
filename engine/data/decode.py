"""Read one picture file, whatever its kind, as an H x W x C uint8 array.

Says in words why a file cannot be read. Free of torch.
"""

import contextlib
import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.data.plain_jpeg import decode_plain_jpeg
from engine.errors import DataError

Picture = NDArray[np.uint8]

# Twice Pillow's warning limit, the size at which Pillow itself speaks of a decompression bomb.
MAX_PIXELS = 178_956_970

# What Pillow's readers raise on damaged files, found by feeding them cut and altered ones.
DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    MemoryError,
    NotImplementedError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def read_picture(source: str | os.PathLike[str] | bytes, channels: int = 3) -> Picture:
    """Decode a picture the way a person sees it.

    EXIF rotation is applied, transparency lies on white, 16-bit values are scaled (not cut) to 8 bit, CMYK and
    palettes become RGB, of an animation the first frame is taken.

    Args:
        source: A file, or the bytes of one.
        channels: 3 for RGB, 1 for grey.

    Returns:
        H x W x channels, uint8.

    Raises:
        DataError: With the reason when the file is missing, empty, damaged, too large or no picture.
    """
    data = source if isinstance(source, bytes) else read_bytes(source)
    if not data:
        raise DataError("The file is empty (0 bytes).", "Copy it again or remove it.")
    plain = decode_plain_jpeg(data, channels, MAX_PIXELS)
    if plain is not None:
        return plain
    with warnings.catch_warnings():
        # Pillow warns about harmless oddities (a broken EXIF block, large sizes that are checked below).
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as image:
                refuse_bomb(*image.size)
                return picture_of(image, channels)
        except DECODE_ERRORS as error:
            raise DataError(reason_in_words(error), "Repair or remove the file.") from error


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a whole file; a ``DataError`` says in words why that failed."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise DataError("The file is not there (moved, or a link that leads nowhere).") from error
    except PermissionError as error:
        raise DataError("The file may not be read.", "Change its permissions.") from error
    except OSError as error:
        raise DataError(f"The file cannot be opened: {error.strerror or error}.") from error
    except ValueError as error:  # a list may name anything
        raise DataError("The name of the file holds a character that no file can have.") from error


def refuse_bomb(width: int, height: int) -> None:
    """Raise ``DataError`` for a picture whose pixels would fill the memory."""
    if width * height > MAX_PIXELS:
        raise DataError(
            f"The picture claims {width} x {height} pixels, more than the {MAX_PIXELS // 10**6} million allowed.",
            "Make it smaller; a tiny file with such a claim is a decompression bomb.",
        )


def reason_in_words(error: BaseException) -> str:
    """One sentence for what Pillow or torchvision said about a file."""
    text = str(error).split("\n", maxsplit=1)[0].strip()
    if isinstance(error, UnidentifiedImageError):
        return "The file is not a picture of a known format, or its beginning is damaged."
    if isinstance(error, Image.DecompressionBombError):
        return "The picture claims far too many pixels (a decompression bomb)."
    if isinstance(error, MemoryError):
        return "The picture does not fit into memory."
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return "The file is cut off (truncated)."
    return f"The picture cannot be decoded: {text or type(error).__name__}."


def picture_of(image: Image.Image, channels: int) -> Picture:
    """Pixels of an opened picture, see ``read_picture``; raises ``DECODE_ERRORS``."""
    image.load()
    # A damaged EXIF block does not cost the picture.
    with contextlib.suppress(*DECODE_ERRORS):
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_to_8_bit(image))
    mode = "RGB" if channels == 3 else "L"
    if image.has_transparency_data:
        image = _on_white(image)
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _on_white(image: Image.Image) -> Image.Image:
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _to_8_bit(image: Image.Image) -> Picture:
    """Scale 16-bit, 32-bit and floating point grey values to 0..255 by the range of their type.

    Integers up to 65535 are 16-bit values (Pillow hands those out as 32-bit integers too); floats within 0..1
    are shares, within 0..255 grey levels.
    """
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError("The picture has values that are not numbers (NaN or infinite).")
    largest = values.max(initial=0)
    if image.mode == "F":
        full = next((full for full in (1.0, 255.0, 65535.0) if largest <= full), largest)
    else:
        full = 65535.0 if largest <= 65535 else 2.0**31 - 1
    return np.rint(values.clip(0, full) * (255 / full)).astype(np.uint8)


def to_channels(picture: Picture, channels: int) -> Picture:
    """Turn H x W x 1 or 3 into H x W x channels, grey by the weights Pillow uses."""
    if picture.shape[2] == channels:
        return picture
    if channels == 3:
        return np.repeat(picture, 3, axis=2)
    return np.asarray(Image.fromarray(picture).convert("L"))[:, :, None]
