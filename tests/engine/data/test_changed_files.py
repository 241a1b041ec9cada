"""Files of every format with bytes changed, cut or swapped: pixels or words, and never anything else."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.data.decode import FORMATS, read_picture
from engine.errors import DataError

ROUNDS = 60


def smooth(mode="RGB", size=(40, 30)):
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size).convert(mode)


def saved(image, format, **options):
    out = io.BytesIO()
    # Pillow leaves settings of one format in what it saved.
    if "append_images" in options:
        options["append_images"] = [frame.copy() for frame in options["append_images"]]
    image.copy().save(out, format, **options)
    return out.getvalue()


def unpacked(values, suffix):
    return cv2.imencode(suffix, values)[1].tobytes()


def whole_files():
    """A file of every format and of the odd kinds of some."""
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = np.random.default_rng(1).integers(0, 65536, (30, 40), dtype=np.uint16)
    frames = [smooth(), smooth().rotate(180)]
    several = {"save_all": True, "append_images": frames[1:]}
    return {
        "jpeg": saved(smooth(), "JPEG"),
        "jpeg turned": saved(smooth(), "JPEG", exif=exif, icc_profile=b"x" * 300),
        "jpeg progressive": saved(smooth(), "JPEG", progressive=True, subsampling=0),
        "jpeg cmyk": saved(smooth("CMYK"), "JPEG"),
        "mpo": saved(frames[0], "MPO", **several),
        "png": saved(smooth(), "PNG", exif=exif),
        "png opacity": saved(smooth("RGBA"), "PNG"),
        "png palette": saved(smooth("P"), "PNG", transparency=3),
        "png 1 bit": saved(smooth("1"), "PNG"),
        "png 16 bit": saved(Image.fromarray(deep), "PNG"),
        "png 16 bit colour": unpacked(np.dstack([deep] * 3), ".png"),
        "png animated": saved(frames[0], "PNG", **several),
        "gif": saved(smooth("P"), "GIF"),
        "gif animated": saved(frames[0], "GIF", **several),
        "bmp": saved(smooth(), "BMP"),
        "dib": saved(smooth(), "DIB"),
        "webp": saved(smooth(), "WEBP", exif=exif),
        "webp animated": saved(frames[0], "WEBP", **several),
        "tiff": saved(smooth(), "TIFF"),
        "tiff lzw": saved(smooth(), "TIFF", compression="tiff_lzw"),
        "tiff jpeg": saved(smooth(), "TIFF", compression="jpeg"),
        "tiff float": saved(Image.fromarray(deep.astype(np.float32)), "TIFF"),
        "tiff double": unpacked(deep.astype(np.float64), ".tif"),
        "tiff 16 bit colour": unpacked(np.dstack([deep] * 3), ".tif"),
        "tiff pages": saved(frames[0], "TIFF", **several),
        "ppm": saved(smooth(), "PPM"),
        "pgm 16 bit": saved(Image.fromarray(deep), "PPM"),
        "jpeg 2000": saved(smooth(), "JPEG2000"),
        "avif": saved(smooth(), "AVIF", speed=10),
    }


WHOLE = whole_files()


ABSURD = (0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def changed(data, rng):
    """The same file with some bytes changed, a part cut out, doubled or left away, or a number made absurd."""
    out = bytearray(data)
    head = min(len(out), 200)
    way = rng.integers(0, 6)
    if way == 0:
        return bytes(out[: rng.integers(0, len(out))])
    if way == 1:
        at, length = rng.integers(0, len(out)), rng.integers(1, 64)
        return bytes(out[:at] + out[at + length :])
    if way == 2:
        at, length = rng.integers(0, len(out)), rng.integers(1, 64)
        return bytes(out[: at + length] + out[at:])
    if way == 3:
        at = rng.integers(0, head - 3)
        out[at : at + 4] = struct.pack(rng.choice([">I", "<I"]), int(rng.choice(ABSURD)))
        return bytes(out)
    for _ in range(rng.integers(1, 9)):
        out[rng.integers(0, head if way == 4 else len(out))] = rng.integers(0, 256)
    return bytes(out)


def test_every_format_that_is_read_is_among_them():
    assert {"JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF"} == set(FORMATS)
    assert all(read_picture(data).shape[2] == 3 for data in WHOLE.values())


def reads(data):
    """Whether it is read; the words of a refusal are looked at too."""
    try:
        picture = read_picture(data)
    except DataError as error:
        if not error.message.endswith("."):
            raise AssertionError(error.message) from error  # a refusal is a sentence
        return False
    return picture.dtype == np.uint8 and picture.shape[2] == 3


@pytest.mark.parametrize("kind", list(WHOLE))
def test_a_changed_file_is_read_or_refused_in_words(kind):
    rng = np.random.default_rng(list(WHOLE).index(kind))
    found = [reads(changed(WHOLE[kind], rng)) for _ in range(ROUNDS)]
    assert False in found  # a cut one at least


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
def test_a_bomb_in_a_text_or_a_profile_is_bounded_and_a_long_one_read(name):
    png = saved(smooth(), "PNG")
    head = {b"zTXt": b"a\0\0", b"iCCP": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[name]
    found = []
    for megabytes in (4, 40):
        packer = zlib.compressobj(9)
        body = head + b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()
        found.append(reads(png[:33] + chunk(name, body) + png[33:]))
    assert found == [True, name == b"iCCP" and found[1]]


def test_a_part_that_claims_gigabytes_takes_none(monkeypatch):
    """OpenCV takes as much memory as a part of a PNG claims to have."""
    handed_over = []
    monkeypatch.setattr(cv2, "imdecode", lambda data, _: handed_over.append(data))
    png = bytearray(WHOLE["png 16 bit colour"])
    assert reads(bytes(png))
    assert handed_over
    handed_over.clear()
    at = png.index(b"IDAT")
    png[at - 4 : at] = b"\xff\xff\xff\xff"
    assert reads(bytes(png))
    assert not handed_over


def test_a_gif_with_a_huge_screen_and_tiny_frames_is_refused():
    gif = bytearray(saved(smooth("P"), "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    with pytest.raises(DataError, match="decompression bomb"):
        read_picture(bytes(gif))


def test_a_tiff_whose_directory_follows_itself_ends():
    tiff = bytearray(saved(smooth(), "TIFF"))
    start = struct.unpack_from("<I", tiff, 4)[0]
    end = start + 2 + 12 * struct.unpack_from("<H", tiff, start)[0]
    tiff[end : end + 4] = struct.pack("<I", start)
    assert read_picture(bytes(tiff)).shape == (30, 40, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (65500, 2), (2, 65500)])
def test_pictures_of_one_or_two_lines_are_read_whole(size):
    assert read_picture(saved(smooth(size=size), "PNG")).shape == (size[1], size[0], 3)
