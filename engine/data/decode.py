"""Read one picture file, whatever its kind, as an H x W x C uint8 array.

Says in words why a file cannot be read. Free of torch.
"""

import contextlib
import io
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from engine.data.deep_picture import DeepPicture, deep_values, is_deep
from engine.data.file_signatures import FORMATS, HEAD_BYTES, other_kind
from engine.data.levels import MOST_WHOLE_PIXELS, ORIENTATION, Picture, levels_of, turned
from engine.data.picture_file import held, open_picture_file
from engine.data.plain_jpeg import decode_plain_jpeg
from engine.data.size_bounds import check_size
from engine.data.unusual_tiff import MAGIC, read_unusual, refuse_raw
from engine.errors import DataError
from engine.value_range import ValueRange

__all__ = [
    "DeepPicture",
    "Picture",
    "UnknownTiffError",
    "decode",
    "decode_file",
    "opened",
    "picture_of",
    "read_picture",
    "to_channels",
    "unusual_of",
]

# What decoders raise on damaged files, found by feeding them cut and altered ones.
DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    BufferError,
    MemoryError,
    RuntimeError,  # NotImplementedError and RecursionError too
    struct.error,
    zlib.error,
    cv2.error,
    Image.DecompressionBombError,
)

# Of larger pictures, the threads of a process unpack one at a time.
LARGE_PIXELS = 2**24
_one_large = threading.Lock()

# Pillow refuses a whole picture for a text or a colour profile of more than 1 MiB, which editors do write; all the text
# of a file together has a bound of its own.
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 2**20


def read_picture(
    source: str | os.PathLike[str] | bytes, channels: int = 3, value_range: ValueRange | None = None
) -> Picture:
    """Decode a picture the way a person sees it.

    EXIF rotation is applied, transparency lies on white, CMYK and palettes become RGB, of an animation the first
    frame is taken. Pictures of more than 67 million pixels are read at half their width and height.

    Args:
        source: A file, or the bytes of one.
        channels: 3 for RGB, 1 for grey.
        value_range: What is black and white in a picture deeper than 8 bits; the range that its own values suggest
            when absent.

    Returns:
        H x W x channels, uint8.

    Raises:
        DataError: With the reason when the file is missing, empty, damaged, too large or no picture.
    """
    found = decode(source, channels)
    if isinstance(found, DeepPicture):
        return to_channels(found.levels(value_range or found.own_range), channels)
    return found


def decode(source: str | os.PathLike[str] | bytes, channels: int = 3) -> Picture | DeepPicture:
    """Decode a picture, see ``read_picture``; one deeper than 8 bits is left as its values."""
    if isinstance(source, bytes):
        return decode_file(io.BytesIO(source), len(source), channels)
    file, size = open_picture_file(source)
    with file:
        return decode_file(file, size, channels)


def decode_file(file: BinaryIO, size: int, channels: int = 3) -> Picture | DeepPicture:
    """Decode an open file of so many bytes, see ``decode``."""
    if size == 0:
        raise DataError("The file is empty (0 bytes).", "Copy it again or remove it.")
    file = held(file, size)
    if isinstance(file, io.BytesIO):
        plain = decode_plain_jpeg(file.getvalue(), channels, MOST_WHOLE_PIXELS)
        if plain is not None:
            return plain
    try:
        with opened(file) as image:
            return picture_of(image, file, channels)
    except UnknownTiffError:
        return unusual_of(file)


class UnknownTiffError(DataError):
    """Pillow does not know this kind of TIFF."""


@contextlib.contextmanager
def opened(file: BinaryIO) -> Iterator[Image.Image]:
    """Open a picture with Pillow; whatever goes wrong inside becomes a ``DataError``."""
    with _said_in_words():
        try:
            image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError as error:
            raise _unknown(file) from error
        with image:
            check_size(image, is_deep=is_deep(image))
            refuse_raw(getattr(image, "tag_v2", {}))
            yield image


def picture_of(image: Image.Image, file: BinaryIO, channels: int) -> Picture | DeepPicture:
    """Pixels of a picture that was ``opened`` from a file, see ``decode``."""
    width, height = image.size
    with _one_large if width * height > LARGE_PIXELS else contextlib.nullcontext():
        return _unpacked(image, file, channels)


def _unpacked(image: Image.Image, file: BinaryIO, channels: int) -> Picture | DeepPicture:
    width, height = image.size
    if width * height > MOST_WHOLE_PIXELS:
        image.draft(None, (width // 2, height // 2))  # JPEGs are unpacked at half their size at once
    is_values = is_deep(image)
    image.load()
    orientation = 1
    # A damaged EXIF block does not cost the picture.
    with contextlib.suppress(*DECODE_ERRORS):
        orientation = int(image.getexif().get(ORIENTATION, 1))
    if is_values:
        return deep_values(image, file, orientation)
    return turned(levels_of(image, channels), orientation)


def unusual_of(file: BinaryIO) -> DeepPicture:
    """Values of an open file that Pillow does not know, see ``read_unusual``."""
    with _said_in_words():
        return read_unusual(file)


@contextlib.contextmanager
def _said_in_words() -> Iterator[None]:
    with warnings.catch_warnings():
        # Pillow warns about harmless oddities (a broken EXIF block, large sizes that are checked).
        warnings.simplefilter("ignore")
        try:
            yield
        except DECODE_ERRORS as error:
            raise DataError(_reason(error), "Repair or remove the file.") from error


def _unknown(file: BinaryIO) -> DataError:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(MAGIC):
        return UnknownTiffError("The file is a TIFF of an unknown kind.", "Save it again.")
    name, fix = other_kind(head)
    if name:
        return DataError(f"The file is {name}.", fix)
    return DataError(
        "The file is not a picture of a known format, or its beginning is damaged.",
        "Repair or remove the file.",
    )


def _reason(error: BaseException) -> str:
    """One sentence for what a decoder said about a file."""
    text = str(error).split("\n", maxsplit=1)[0].strip()
    if isinstance(error, Image.DecompressionBombError):
        return "The picture claims far too many pixels (a decompression bomb)."
    if isinstance(error, MemoryError):
        return "The picture does not fit into memory."
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return "The file is cut off (truncated)."
    return f"The picture cannot be decoded: {text or type(error).__name__}."


def to_channels(picture: Picture, channels: int) -> Picture:
    """Turn H x W x 1 or 3 into H x W x channels, grey by the weights Pillow uses."""
    if picture.shape[2] == channels:
        return picture
    if channels == 3:
        return np.repeat(picture, 3, axis=2)
    return np.asarray(Image.fromarray(picture).convert("L"))[:, :, None]
