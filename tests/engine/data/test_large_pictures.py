"""Pictures so large that they are read in strips, at half their size, or not at all."""

import io
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from engine.data import levels
from engine.data.decode import read_picture
from engine.data.size_bounds import check_size
from engine.data.views import EvalView
from engine.errors import DataError


def picture(mode, size=(90, 70)):
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (*size[::-1], 4), dtype=np.uint8))
    return image if mode == "RGBA" else image.convert("RGB").convert(mode)


def saved(image, format="PNG", **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
def test_strips_have_the_pixels_of_the_whole(mode, channels, monkeypatch):
    data = saved(
        picture(mode), "TIFF" if mode == "CMYK" else "PNG", **({"transparency": 9} if mode == "P" else {})
    )
    whole = read_picture(data, channels)
    monkeypatch.setattr(levels, "STRIP_PIXELS", 1000)
    assert np.array_equal(read_picture(data, channels), whole)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_very_large_pictures_are_read_at_half_their_size(mode, monkeypatch):
    data = saved(picture(mode, (91, 71)))
    whole = Image.fromarray(read_picture(data))
    monkeypatch.setattr(levels, "MOST_WHOLE_PIXELS", 6000)
    monkeypatch.setattr(levels, "STRIP_PIXELS", 1000)
    found = read_picture(data)
    assert found.shape == (36, 46, 3)
    assert np.array_equal(found, np.asarray(whole.reduce(2)))


@pytest.mark.parametrize("orientation", range(9))
def test_turning_is_that_of_pillow(orientation):
    exif = Image.Exif()
    exif[levels.ORIENTATION] = orientation
    data = saved(picture("RGB"), exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(read_picture(data), np.asarray(ImageOps.exif_transpose(image)))


def claiming(size, format, mode="RGB"):
    image = Image.new(mode, (1, 1))
    image.format = format
    image._size = size
    return image


@pytest.mark.parametrize(
    ("size", "format", "words"),
    [
        ((13_377, 13_377), "PNG", ""),
        ((13_377, 13_377), "JPEG", ""),
        ((8_000, 8_000), "WEBP", "WEBP of mode RGB takes more than 1 GiB of memory beyond 63 million"),
        ((8_000, 8_000), "JPEG2000", "beyond 53 million"),
        ((20_000, 20_000), "PNG", "bomb"),
        ((2_000_000, 1), "PNG", "a side of more than"),
    ],
)
def test_what_a_kind_costs_bounds_its_size(size, format, words):
    if not words:
        check_size(claiming(size, format), is_deep=False)
        return
    with pytest.raises(DataError, match=words):
        check_size(claiming(size, format), is_deep=False)


@pytest.mark.parametrize("shape", [(3, 1, 65_500), (3, 65_500, 1), (3, 2, 40_000)])
def test_a_line_of_pixels_takes_no_more_than_its_middle(shape):
    long = torch.zeros(shape, dtype=torch.uint8)
    long[..., shape[1] // 2 - 100 : shape[1] // 2 + 100, :] = 200
    view = EvalView(224)(long)
    assert view.shape == (3, 224, 224)


PEAK = """
import sys
from engine.data.scan import scan
def peak():
    return next(int(row.split()[1]) for row in open("/proc/self/status") if row.startswith("VmHWM")) / 1024
before = peak()
assert scan(sys.argv[1], "flat").broken == []
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is told by Linux")
def test_the_largest_picture_is_scanned_within_a_gibibyte(tmp_path):
    Image.new("RGB", (13_300, 13_400)).save(tmp_path / "large.png", compress_level=1)
    Image.new("RGB", (32, 32)).save(tmp_path / "small.png")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1024
