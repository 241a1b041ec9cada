"""One range of values for the pictures of a set that are deeper than 8 bits."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from engine.data.decode import read_picture
from engine.data.picture_cache import build_cache, open_cache
from engine.data.scan import scan
from engine.data.sources import open_pictures
from engine.errors import SettingsError
from engine.value_range import ValueRange, parse_value_range, range_of_values


def ramp(low, high, dtype, size=64):
    return np.tile(np.linspace(low, high, size), (size, 1)).astype(dtype)


def save(folder, name, values):
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(folder / name)


def levels(folder, name, **options):
    pictures = open_pictures(folder, **options)
    return pictures.read(pictures.files.index(name), 1)[:, :, 0]


def test_floats_of_unlike_maxima_are_read_by_one_range(tmp_path):
    save(tmp_path, "a.tif", ramp(0, 0.99, np.float32))
    save(tmp_path, "b.tif", ramp(0, 1.01, np.float32))
    assert levels(tmp_path, "a.tif").max() == 252
    assert levels(tmp_path, "b.tif").max() == 255
    report = scan(tmp_path)
    assert report.value_range == "0:1"
    assert any("1 of 2" in note and "outside" in note for note in report.notes)
    assert [problem.path for problem in report.problems] == ["b.tif"]
    assert "Values from 0 to 1.01" in report.problems[0].reason


def test_12_bits_in_files_of_16_keep_their_levels(tmp_path):
    for number, top in enumerate((4095, 3000, 2048)):
        save(tmp_path, f"{number}.png", ramp(0, top, np.uint16))
    assert [levels(tmp_path, f"{number}.png").max() for number in range(3)] == [255, 187, 128]
    report = scan(tmp_path)
    assert (report.value_range, report.as_dict()["value_range"]) == ("0:4095", "0:4095")
    assert any("values 0:4095 become black to white, found in 3 of them" in note for note in report.notes)


def test_a_range_that_is_given_is_the_one_used(tmp_path):
    for number in range(2):
        save(tmp_path, f"{number}.png", ramp(0, 4095, np.uint16))
    assert levels(tmp_path, "0.png", value_range="16bit").max() == 16
    assert levels(tmp_path, "0.png", value_range="1000:2000")[0, [0, -1]].tolist() == [0, 255]
    report = scan(tmp_path, value_range="16bit")
    assert report.value_range == "0:65535"
    assert any("as set" in note for note in report.notes)
    assert any("keep few levels" in note for note in report.notes)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_the_kinds_of_values_in_a_mixed_set_have_ranges_of_their_own(tmp_path, dtype):
    save(tmp_path, "whole.png", ramp(0, 4095, np.uint16))
    save(tmp_path, "shares.tif", ramp(0, 1, np.float32))
    name = "whole.png" if dtype is np.uint16 else "shares.tif"
    assert levels(tmp_path, name)[0, [0, -1]].tolist() == [0, 255]
    assert open_pictures(tmp_path).value_range == parse_value_range(str(open_pictures(tmp_path).value_range))


def test_colours_of_16_bits_are_read_by_the_range_as_well(tmp_path):
    colours = np.dstack(
        [ramp(0, 4080, np.uint16), ramp(0, 4080, np.uint16).T, np.full((64, 64), 1440, np.uint16)]
    )
    for name in ("a.png", "b.tif"):
        cv2.imwrite(str(tmp_path / name), colours[:, :, ::-1])
        found = read_picture(tmp_path / name)
        assert found[0, [0, -1]].tolist() == [[0, 0, 90], [254, 0, 90]]
        assert len(np.unique(found[:, :, 0])) == 64


def test_opacity_of_16_bits_lies_on_white(tmp_path):
    clear = np.zeros((4, 4, 4), np.uint16)
    clear[:, :2] = (0, 0, 65535, 65535)
    cv2.imwrite(str(tmp_path / "a.png"), clear)
    assert read_picture(tmp_path / "a.png", value_range=parse_value_range("16bit"))[0, [0, -1]].tolist() == [
        [255, 0, 0],
        [255, 255, 255],
    ]


def test_double_precision_and_signed_values_are_read(tmp_path):
    cv2.imwrite(str(tmp_path / "double.tif"), ramp(0, 1, np.float64))
    assert read_picture(tmp_path / "double.tif", 1)[0, [0, -1], 0].tolist() == [0, 255]
    Image.fromarray(ramp(-1000, 3000, np.int32)).save(tmp_path / "signed.tif")
    assert read_picture(tmp_path / "signed.tif", 1)[0, [0, -1], 0].tolist() == [0, 255]


def test_16_bits_where_white_is_zero_are_turned_over(tmp_path):
    Image.fromarray(ramp(0, 65535, np.uint16)).save(tmp_path / "a.tif", tiffinfo={262: 0})
    assert read_picture(tmp_path / "a.tif", 1)[0, [0, -1], 0].tolist() == [255, 0]


def tiff_of_bands(bands, extra):
    """A TIFF of 2 x 2 bytes a band without a meaning; ``extra`` names the bands as it should."""
    data = bytes(range(4 * bands))
    entries = [
        (256, 3, 1, 2),
        (257, 3, 1, 2),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, bands),
    ]
    after = 8 + len(data)
    entries += [(278, 3, 1, 2), (279, 4, 1, len(data)), (258, 3, bands, after), (339, 3, 1, 1)]
    blocks = struct.pack(f"<{bands}H", *[8] * bands)
    if extra:
        entries.append((338, 3, bands - 1, after + len(blocks)))
        blocks += bytes(2 * (bands - 1))
    rows = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    head = struct.pack("<2sHI", b"II", 42, after + len(blocks))
    return head + data + blocks + struct.pack("<H", len(entries)) + rows + bytes(4)


def test_of_many_bands_the_first_three_are_used_or_their_number_is_said(tmp_path):
    assert read_picture(tiff_of_bands(5, extra=True))[0].tolist() == [[0, 1, 2], [5, 6, 7]]
    with pytest.raises(Exception, match="TIFF of 7 bands of 8 bit"):
        read_picture(tiff_of_bands(7, extra=True))
    for number in range(2):
        (tmp_path / f"{number}.tif").write_bytes(tiff_of_bands(5, extra=True) + bytes([number]))
    reasons = [problem.reason for problem in scan(tmp_path).problems if problem.kind == "odd"]
    assert reasons == ["The file has 5 bands; only the first 3 are used, as red, green and blue."] * 2


def test_pictures_of_8_bits_have_no_range_and_no_choice(tmp_path):
    for number in range(3):
        save(tmp_path, f"{number}.png", np.full((20, 20, 3), 40 + number, np.uint8))
    report = scan(tmp_path)
    assert report.value_range == ""
    assert open_pictures(tmp_path, value_range="0:50").read(0).max() == 40
    assert not any("range" in note for note in report.notes)


def test_a_cache_of_decoded_pictures_belongs_to_one_range(tmp_path):
    save(tmp_path / "set", "a.png", ramp(0, 4095, np.uint16))
    save(tmp_path / "set", "b.png", ramp(0, 4095, np.uint16))
    narrow, wide = (open_pictures(tmp_path / "set", value_range=text) for text in ("auto", "16bit"))
    options = {"channels": 1, "most_bytes": 10**6, "on_progress": lambda *_: False}
    cached = build_cache(narrow, narrow.train, tmp_path / "cache", **options)
    assert cached.read(0, 1).max() == 255
    assert cached.found_range == narrow.found_range
    assert open_cache(wide, tmp_path / "cache", channels=1) is None


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0, 255), (0, 255)),
        ((3, 1000), (0, 1023)),
        ((0, 4095), (0, 4095)),
        ((0, 16000), (0, 16383)),
        ((0, 65535), (0, 65535)),
        ((20_000, 21_000), (20_000, 21_000)),
        ((-1000, 3000), (-1000, 3000)),
        ((0, 100_000), (0, 100_000)),
        ((300, 300), (0, 1023)),
    ],
)
def test_the_range_of_whole_numbers_is_the_depth_they_were_made_for_or_their_own(limits, expected):
    assert range_of_values([limits], []).integers == expected


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0, 0.99), (0, 1)),
        ((-0.02, 1.05), (0, 1)),
        ((-1, 1), (-1, 1)),
        ((0, 254.9), (0, 255)),
        ((280, 300), (280, 300)),
        ((0, 0.05), (0, 0.05)),
        ((0, 60_000), (0, 65535)),
    ],
)
def test_the_range_of_fractions_is_the_usual_one_or_their_own(limits, expected):
    assert range_of_values([], [limits]).fractions == expected


numbers = st.floats(-1e9, 1e9, allow_nan=False)


@given(numbers, numbers, numbers, numbers)
def test_a_range_is_written_and_read_again(a, b, c, d):
    assume(a != b)
    assume(c != d)
    found = ValueRange((min(a, b), max(a, b)), (min(c, d), max(c, d)))
    assert parse_value_range(str(found)) == found


@pytest.mark.parametrize(
    "text", ["", "wide", "5", "5:5", "9:1", "nan:1", "0:inf", "0:1e999", "0:1:2", "0:1, fractions 2:1"]
)
def test_what_is_no_range_is_refused_with_the_forms(text):
    with pytest.raises(SettingsError, match="LOW:HIGH") as problem:
        parse_value_range(text)
    assert problem.value.field == "data.value_range"


def test_levels_do_not_depend_on_the_strips_they_are_made_in():
    values = np.random.default_rng(0).integers(0, 65536, (1100, 1000), dtype=np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    png = b"\x89PNG\r\n\x1a\n"
    head = struct.pack(">IIBBBBB", 1000, 1100, 16, 0, 0, 0, 0)
    for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")):
        png += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), values)
    assert np.array_equal(read_picture(png, 1)[:, :, 0], np.rint(values * (255 / 65535)).astype(np.uint8))
