"""Reading one picture, whatever its kind."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from engine.data.decode import read_picture, to_channels
from engine.data.plain_jpeg import decode_plain_jpeg
from engine.errors import DataError

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def encoded(image, format="PNG", **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def halves(left, right, mode="RGB", size=(8, 6)):
    image = Image.new(mode, size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


def test_a_plain_picture_is_height_width_channels():
    picture = read_picture(encoded(halves(RED, BLUE)))
    assert picture.shape == (6, 8, 3)
    assert picture.dtype == np.uint8
    assert tuple(picture[0, 0]) == RED
    assert tuple(picture[0, -1]) == BLUE


def test_a_colour_picture_becomes_grey_and_a_grey_one_colour():
    assert read_picture(encoded(halves(RED, BLUE)), 1)[0, :, 0].tolist() == [76] * 4 + [29] * 4
    assert read_picture(encoded(Image.new("L", (4, 4), 99)), 3)[1, 1].tolist() == [99] * 3
    assert read_picture(encoded(Image.new("1", (4, 4), 1)), 3)[1, 1].tolist() == [255] * 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(orientation):
    upright = np.zeros((6, 8, 3), np.uint8)
    upright[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(encoded(Image.fromarray(upright), exif=exif))
    corner = {1: (0, 0), 2: (0, 7), 3: (5, 7), 4: (5, 0), 5: (0, 0), 6: (0, 5), 7: (7, 5), 8: (7, 0)}[
        orientation
    ]
    assert picture.shape == ((6, 8, 3) if orientation < 5 else (8, 6, 3))
    assert np.argwhere(picture[:, :, 0] == 255).tolist() == [list(corner)]


def test_transparency_lies_on_white():
    clear = halves((255, 0, 0, 0), (0, 0, 255, 255), "RGBA")
    assert read_picture(encoded(clear))[0, [0, -1]].tolist() == [list(WHITE), list(BLUE)]
    grey = halves((0, 0), (7, 255), "LA")
    assert read_picture(encoded(grey), 1)[0, [0, -1], 0].tolist() == [255, 7]
    palette = halves(RED, BLUE).convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    seen = palette.getpixel((0, 0))
    assert read_picture(encoded(palette, transparency=seen))[0, [0, -1]].tolist() == [list(WHITE), list(BLUE)]


def test_a_palette_becomes_its_colours():
    palette = halves(RED, BLUE).convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    assert read_picture(encoded(palette, "GIF"))[0, [0, -1]].tolist() == [list(RED), list(BLUE)]


def test_cmyk_becomes_rgb():
    picture = read_picture(encoded(halves(RED, BLUE).convert("CMYK"), "JPEG", quality=100))
    assert picture[0, 0] == pytest.approx(RED, abs=6)
    assert picture[0, -1] == pytest.approx(BLUE, abs=6)


def test_16_bit_grey_is_scaled_and_not_cut():
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    for format in ("PNG", "TIFF", "PPM"):
        assert read_picture(encoded(Image.fromarray(values), format), 1)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_16_bit_colour_is_scaled_and_not_cut():
    rows = b"\0" + struct.pack(">6H", 65535, 32896, 0, 257, 257, 65535)
    head = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        png += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    assert read_picture(png)[0].tolist() == [[255, 128, 0], [1, 1, 255]]


def test_floating_point_shares_become_grey_levels():
    values = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)
    assert read_picture(encoded(Image.fromarray(values), "TIFF"), 1)[0, :, 0].tolist() == [0, 128, 255]
    with pytest.raises(DataError, match="not numbers"):
        read_picture(encoded(Image.fromarray(values * np.nan), "TIFF"))


def test_the_first_frame_of_an_animation_is_taken():
    frames = [Image.new("RGB", (5, 5), color) for color in (RED, BLUE)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(data)[2, 2].tolist() == list(RED)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not a picture at all", "not a picture of a known format"),
        (encoded(halves(RED, BLUE, size=(80, 60)), "JPEG")[:400], "cut off"),
        (encoded(Image.effect_noise((80, 60), 90))[:900], "cut off"),
        (encoded(halves(RED, BLUE))[:20], "known format|cut off"),
    ],
)
def test_a_damaged_file_is_refused_with_its_reason(data, reason):
    with pytest.raises(DataError, match=reason):
        read_picture(data)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    png = bytearray(encoded(Image.new("L", (8, 8))))
    png[16:24] = struct.pack(">II", 30_000, 30_000)
    png[29:33] = struct.pack(">I", zlib.crc32(bytes(png[12:29])))
    with pytest.raises(DataError, match=r"decompression bomb"):
        read_picture(bytes(png))


def test_a_missing_file_and_a_folder_are_refused_in_words(tmp_path):
    with pytest.raises(DataError, match="not there"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(DataError, match="cannot be opened"):
        read_picture(tmp_path)


def test_a_damaged_exif_block_does_not_cost_the_picture():
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff garbage"
    assert read_picture(encoded(halves(RED, BLUE), "JPEG", exif=exif)).shape == (6, 8, 3)


def test_channels_are_changed_by_the_weights_of_pillow():
    picture = np.array([[RED, BLUE]], dtype=np.uint8)
    assert to_channels(picture, 1)[0, :, 0].tolist() == [76, 29]
    assert to_channels(to_channels(picture, 1), 3).shape == (1, 2, 3)
    assert to_channels(picture, 3) is picture


def jpegs():
    """Ordinary JPEGs, and ones with something about them that only Pillow is trusted with."""
    image = smooth_image(96, 130)
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\1"
    odd_exif = Image.Exif()
    odd_exif[0x0112] = 6
    kinds = {f"subsampling {way}": encoded(image, "JPEG", subsampling=way) for way in (0, 1, 2)}
    kinds["progressive"] = encoded(image, "JPEG", progressive=True, quality=95)
    kinds["restarts"] = encoded(image, "JPEG", restart_marker_rows=2)
    kinds["comment"] = encoded(image, "JPEG", comment=b"made by hand")
    kinds["grey"] = encoded(image.convert("L"), "JPEG")
    kinds["cmyk"] = encoded(image.convert("CMYK"), "JPEG")
    kinds["turned"] = encoded(image, "JPEG", exif=odd_exif)
    kinds["rgb inside"] = encoded(image, "JPEG", keep_rgb=True)
    kinds["adobe"] = kinds["subsampling 0"][:2] + adobe + kinds["subsampling 0"][2:]
    kinds["profile"] = encoded(image, "JPEG", icc_profile=b"x" * 200)
    kinds["more behind the end"] = kinds["subsampling 2"] + b"\0" * 7
    return kinds


def smooth_image(height, width):
    coarse = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", list(jpegs()))
def test_jpegs_have_the_levels_that_pillow_reads(kind, channels):
    data = jpegs()[kind]
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
        expected = np.asarray(upright.convert("RGB" if channels == 3 else "L"))
    assert np.array_equal(read_picture(data, channels).squeeze(), expected)


@pytest.mark.parametrize(
    ("kind", "is_plain"),
    [("subsampling 2", True), ("progressive", True), ("grey", True), ("comment", True)]
    + [(kind, False) for kind in ("cmyk", "turned", "adobe", "profile", "rgb inside", "more behind the end")],
)
def test_only_ordinary_jpegs_are_decoded_the_fast_way(kind, is_plain):
    assert (decode_plain_jpeg(jpegs()[kind], 3, 10**6) is not None) == is_plain


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_jpeg_with_a_byte_changed_is_read_or_refused_in_words(place, value):
    data = bytearray(jpegs()["subsampling 2"])
    data[place % len(data)] = value
    with suppress(DataError):
        assert read_picture(bytes(data)).shape[2] == 3


@given(st.integers(0, 4000))
def test_a_jpeg_cut_anywhere_is_refused(length):
    data = jpegs()["subsampling 2"]
    with pytest.raises(DataError):
        read_picture(data[: length % len(data)])
