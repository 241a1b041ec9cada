"""TIFF files that Pillow does not know: the few that OpenCV can read, and words for all others."""

from typing import Any, BinaryIO

from PIL import TiffImagePlugin

from engine.data.deep_picture import (
    BITS,
    PHOTOMETRIC,
    SAMPLE_FORMAT,
    UNSIGNED,
    WHITE_IS_ZERO,
    DeepPicture,
    of_values,
    unpacked,
)
from engine.data.size_bounds import refuse_more_than
from engine.errors import DataError

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
WIDTH, HEIGHT, SAMPLES, SUBFILE, SUB_IFDS, DNG_VERSION = 256, 257, 277, 254, 330, 50706
REDUCED = 1
RED_GREEN_BLUE = 2
FORM_NAMES = {1: "whole numbers", 2: "whole numbers with a sign", 3: "floating point", 6: "complex numbers"}
# Double precision from the file, OpenCV's own copy, and the levels.
BYTES_PER_VALUE = 20

# Bands without a meaning, as tools of remote sensing write them: Pillow reads three as colours once it is told so.
for _order in (b"II", b"MM"):
    for _bands in (4, 5, 6):
        TiffImagePlugin.OPEN_INFO[(_order, 1, (1,), 1, (8,) * _bands, (0,) * (_bands - 1))] = (
            "RGB",
            "RGB" + "X" * (_bands - 3),
        )
    TiffImagePlugin.OPEN_INFO[(_order, 1, (1,), 1, (16,) * 4, (0,) * 3)] = (
        "RGB",
        "RGBX;16L" if _order == b"II" else "RGBX;16B",
    )

SAVE_AS = "Save it as RGB or grey of 8 or 16 bit, or as 32 bit floating point."


def read_unusual(file: BinaryIO) -> DeepPicture:
    """Read a TIFF that Pillow refused.

    Raises:
        DataError: Saying which kind of TIFF it is.
    """
    tags = _tags(file)
    width, height, samples = (
        _number(tags, tag, default) for tag, default in ((WIDTH, 0), (HEIGHT, 0), (SAMPLES, 1))
    )
    if width < 1 or height < 1 or samples < 1:
        raise DataError("The file is a damaged TIFF: it does not say how large it is.", "Save it again.")
    photometric = _number(tags, PHOTOMETRIC, 1)
    if samples == 1 or (samples in (3, 4) and photometric == RED_GREEN_BLUE):
        refuse_more_than(2**30 // (BYTES_PER_VALUE * samples), width, height, "such a TIFF")
        values = unpacked(file)
        if values is not None and values.dtype.itemsize > 1 and values.shape[1::-1] == (width, height):
            values = values[:, :, :3] if values.ndim == 3 else values
            return of_values(values, is_inverted=photometric == WHITE_IS_ZERO)
    raise DataError(f"The file is a TIFF of {_in_words(tags, samples)}, which is not read.", SAVE_AS)


def refuse_raw(tags: Any) -> None:
    """Raise ``DataError`` for a camera's raw file: an ordinary TIFF that begins with a small preview."""
    is_preview = bool(_number(tags, SUBFILE, 0) & REDUCED) and SUB_IFDS in tags
    if DNG_VERSION in tags or is_preview:
        raise DataError(
            "The file is a camera's raw file (DNG, NEF or the like), which is not read.",
            "Develop it to JPEG or PNG.",
        )


def bands_left_out(tags: Any, used: int) -> str:
    """A sentence for a TIFF that has more bands than are used; empty for others."""
    bands = _number(tags, SAMPLES, used)
    if bands <= used:
        return ""
    which = (
        "only the first is used" if used == 1 else f"only the first {used} are used, as red, green and blue"
    )
    return f"The file has {bands} bands; {which}."


def _tags(file: BinaryIO) -> Any:
    file.seek(0)
    head = file.read(8)
    is_big = b"+" in head[2:4]
    tags = TiffImagePlugin.ImageFileDirectory_v2(head + file.read(8) if is_big else head)
    file.seek(tags.next)
    tags.load(file)
    return tags


def _number(tags: Any, tag: int, default: int) -> int:
    value = tags.get(tag, default)
    value = value[0] if isinstance(value, tuple) and value else value
    return value if isinstance(value, int) else default


def _in_words(tags: Any, samples: int) -> str:
    bits, form = (
        _number(tags, BITS, 1),
        FORM_NAMES.get(_number(tags, SAMPLE_FORMAT, UNSIGNED), "an unknown form"),
    )
    bands = "1 band" if samples == 1 else f"{samples} bands"
    return f"{bands} of {bits} bit ({form}, colour space {_number(tags, PHOTOMETRIC, 1)})"
