"""A cache holds pictures as they were read, or it is not there."""

import errno
import multiprocessing
import os
import pickle
import signal
import time

import numpy as np
import pytest
from PIL import Image

from engine.data.loader import make_loader
from engine.data.picture_cache import build_cache, open_cache
from engine.data.sources import open_pictures
from engine.data.views import View
from engine.errors import DataError

MIB = 2**20


@pytest.fixture
def folder(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for number in range(12):
        pixels = rng.integers(0, 256, (20 + number, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"{number:02}.{'jpg' if number % 2 else 'png'}")
    (pictures / "03.jpg").write_bytes(b"\xff\xd8\xff broken")
    return pictures


def build(pictures, place, *, channels=3, most_bytes=MIB, on_progress=lambda done, total: False):
    return build_cache(
        pictures,
        pictures.train,
        place,
        channels=channels,
        most_bytes=most_bytes,
        threads=2,
        on_progress=on_progress,
    )


def same_pictures(one, other, channels=3):
    for number in range(len(one)):
        try:
            expected = one.read(number, channels)
        except DataError as error:
            with pytest.raises(DataError, match=error.message[:20]):
                other.read(number, channels)
            continue
        assert np.array_equal(other.read(number, channels), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_cached_pictures_are_those_that_were_read(folder, tmp_path, channels):
    pictures, told = open_pictures(str(folder)), []
    cached = build(
        pictures, tmp_path / "cache", channels=channels, on_progress=lambda *done: told.append(done)
    )
    same_pictures(pictures, cached, channels)
    same_pictures(pictures, pickle.loads(pickle.dumps(cached)), channels)
    same_pictures(pictures, open_cache(pictures, tmp_path / "cache", channels=channels), channels)
    same_pictures(pictures, cached, 4 - channels)
    assert told == [(done, 12) for done in range(1, 13)]
    assert cached.fingerprint() == pictures.fingerprint()
    assert [cached.describe(i) for i in range(12)] == [pictures.describe(i) for i in range(12)]


def test_pictures_come_from_the_cache_and_not_from_their_files(folder, tmp_path):
    cached = build(open_pictures(str(folder)), tmp_path / "cache")
    expected = [cached.read(i).copy() for i in (0, 1)]
    for file in folder.iterdir():
        file.unlink()
    assert all(np.array_equal(cached.read(i), picture) for i, picture in enumerate(expected))


def test_a_batch_is_the_same_with_a_cache_in_loader_processes_too(folder, tmp_path):
    pictures = open_pictures(str(folder))
    cached = build(pictures, tmp_path / "cache")

    def first_batch(of, workers):
        batches = make_loader(
            of,
            of.train,
            view_maker=NamedView(View(16)),
            batch_size=12,
            seed=1,
            start_step=0,
            total_steps=1,
            workers=workers,
        )
        return next(batches)["view"]

    plain = first_batch(pictures, 0)
    assert (first_batch(cached, 0) == plain).all()
    assert (first_batch(cached, 2) == plain).all()


class NamedView:
    def __init__(self, view):
        self.view = view

    def __call__(self, picture, rng):
        return {"view": self.view(picture, rng)}


def test_a_picture_that_changed_in_place_is_not_taken_from_an_old_cache(folder, tmp_path):
    pictures = open_pictures(str(folder))
    build(pictures, tmp_path / "cache")
    Image.new("RGB", (30, 20), "red").save(folder / "00.png")
    os.utime(folder / "00.png", (1, 1))
    assert open_cache(open_pictures(str(folder)), tmp_path / "cache", channels=3) is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"x" * 100]
)
def test_a_damaged_cache_is_not_opened(folder, tmp_path, damage):
    pictures = open_pictures(str(folder))
    build(pictures, tmp_path / "cache")
    [file] = (tmp_path / "cache").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert open_cache(pictures, tmp_path / "cache", channels=3) is None
    same_pictures(pictures, build(pictures, tmp_path / "cache"))


def test_what_does_not_fit_the_bound_leaves_nothing_behind(folder, tmp_path):
    with pytest.raises(DataError, match="GiB allowed"):
        build(open_pictures(str(folder)), tmp_path / "cache", most_bytes=5000)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_full_disk_is_said_in_words_and_leaves_nothing_behind(folder, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left"):
        build(open_pictures(str(folder)), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_place_that_is_no_folder_is_said_in_words(folder, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(DataError, match="cannot be kept"):
        build(open_pictures(str(folder)), tmp_path / "cache")


def test_giving_up_leaves_nothing_behind(folder, tmp_path):
    pictures = open_pictures(str(folder))
    assert build(pictures, tmp_path / "cache", on_progress=lambda done, _: done == 5) is None
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_longest_unused_cache_makes_room(folder, tmp_path):
    place, kept = tmp_path / "cache", []
    for number in range(3):
        Image.new("RGB", (9, 9)).save(folder / f"more {number}.png")
        pictures = open_pictures(str(folder))
        build(pictures, place)
        kept.append(pictures)
        for age, file in enumerate(sorted(place.iterdir(), key=lambda f: f.stat().st_mtime, reverse=True)):
            os.utime(file, (time.time() - 100 * (age + 1),) * 2)
    size = max(file.stat().st_size for file in place.iterdir())
    assert len(list(place.iterdir())) == 3
    assert open_cache(kept[0], place, channels=3) is not None  # now the one used last
    Image.new("RGB", (9, 9)).save(folder / "one more.png")
    pictures = open_pictures(str(folder))
    build(pictures, place, most_bytes=round(2.5 * size))
    assert [open_cache(each, place, channels=3) is not None for each in [*kept, pictures]] == [
        True,
        False,
        False,
        True,
    ]


def _build_for_ever(folder, place):
    build(open_pictures(str(folder)), place, on_progress=lambda done, _: done == 6 and bool(time.sleep(600)))


@pytest.mark.slow
def test_a_kill_in_the_middle_costs_only_the_time(folder, tmp_path):
    place = tmp_path / "cache"
    process = multiprocessing.get_context("spawn").Process(target=_build_for_ever, args=(folder, place))
    process.start()
    while not (place.exists() and list(place.iterdir())):
        time.sleep(0.02)
    os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.join()
    pictures = open_pictures(str(folder))
    assert open_cache(pictures, place, channels=3) is None
    same_pictures(pictures, build(pictures, place))
    assert len(list(place.iterdir())) == 1  # what the killed one left is gone
