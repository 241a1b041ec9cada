"""Files that are no pictures, whatever their names say: refused in words, at once and without filling the memory."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.decode import read_picture
from engine.data.picture_file import MOST_BYTES
from engine.data.scan import scan
from engine.data.sources import open_pictures
from engine.errors import DataError

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="special files are of POSIX")


@pytest.fixture
def folder(tmp_path):
    """Three pictures to which a test adds what is none."""
    place = tmp_path / "set"
    place.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return place


def within(seconds, work):
    """What ``work`` returns; fails where it takes longer, instead of waiting for ever."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    return found[0]


@pytest.fixture
def listed(folder):
    """A list of the pictures, and of files that never answer, never end or claim more than the memory has."""
    os.mkfifo(folder / "pipe.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "tty.png").symlink_to("/dev/null")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    for name, beginning in (("sparse.jpg", b""), ("sparse.tif", b"II*\0")):
        with (folder / name).open("wb") as file:
            file.write(beginning)
            file.truncate(40 * 2**30)
    names = sorted(path.name for path in folder.iterdir())
    (folder / "list.csv").write_text("path\n" + "\n".join(names))
    return folder / "list.csv"


@needs_posix
def test_special_and_endless_files_are_named_by_a_scan(listed):
    report = within(30, lambda: scan(listed))
    broken = {problem.path: problem.reason for problem in report.problems if problem.kind == "broken"}
    assert set(broken) == {"pipe.jpg", "zero.jpg", "tty.png", "loop.png", "sparse.jpg", "sparse.tif"}
    assert "named pipe" in broken["pipe.jpg"]
    assert "device" in broken["zero.jpg"]
    assert "more than the 640 MiB" in broken["sparse.jpg"]


@needs_posix
def test_special_files_hold_up_neither_fingerprint_nor_reading(listed):
    pictures = open_pictures(listed)
    assert len(within(30, pictures.fingerprint)) == 32
    refused = [is_refused(pictures, index) for index in range(len(pictures))]
    assert refused == [not pictures.describe(index)[0].isdecimal() for index in range(len(pictures))]


def is_refused(pictures, index):
    def read():
        try:
            pictures.read(index)
        except DataError:
            return True
        return False

    return within(10, read)


@needs_posix
def test_a_socket_and_a_link_to_a_file_of_the_system_are_no_pictures(tmp_path):
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(str(tmp_path / "s.png"))
        with pytest.raises(DataError, match=r"socket|cannot be opened"):
            read_picture(tmp_path / "s.png")
    if Path("/proc/self/maps").exists():
        with pytest.raises(DataError, match="empty"):
            read_picture("/proc/self/maps")


@needs_posix
def test_a_link_to_a_picture_is_a_picture(folder):
    (folder / "link.png").symlink_to(folder / "0.png")
    assert np.array_equal(read_picture(folder / "link.png"), read_picture(folder / "0.png"))


def test_a_file_beyond_the_bound_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a.tif").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(DataError, match="more than the 640 MiB"):
        read_picture(tmp_path / "a.tif")


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\nshowpage\n%%EOF\n"


def test_postscript_starts_no_other_program(folder, monkeypatch):
    def no_program(*arguments, **_):
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", no_program)
    (folder / "drawing.png").write_bytes(POSTSCRIPT)
    report = scan(folder, "flat")
    assert [problem.reason for problem in report.problems] == ["The file is a PostScript document."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "Git LFS pointer.*git lfs pull",
        ),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "HTML page, probably a failed download"),
        (b"\xef\xbb\xbf<html>404</html>", "HTML page"),
        (b'<?xml version="1.0"?><Error>AccessDenied</Error>', "XML document"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'{"message": "Not Found"}', "JSON"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40, "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + b"\0" * 40, "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0avifmiaf" + b"\0" * 40, "AVIF|HEIC"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + b"\0" * 40, "CR3"),
        (b"\0\0\0\x18ftypisom\0\0\0\1isommp41" + b"\0" * 40, "film"),
        (b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 40, "CR2|TIFF"),
        (b"FUJIFILMCCD-RAW 0201", "RAF"),
        (b"8BPS\0\1", "Photoshop"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\3\4", "ZIP"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0" * 600, "zero bytes"),
        (b"\0" * 128 + b"DICM", "DICOM"),
        (b"\x93NUMPY\1\0", "NumPy"),
    ],
)
def test_a_file_of_another_kind_is_named(content, words):
    with pytest.raises(DataError, match=words):
        read_picture(content)


def test_a_raw_file_is_not_taken_for_its_small_preview(tmp_path):
    Image.new("RGB", (16, 12)).save(tmp_path / "a.dng", "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(DataError, match="raw file"):
        read_picture(tmp_path / "a.dng")
