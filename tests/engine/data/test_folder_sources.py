"""Folders and lists of pictures, and what is wrong with them, in words."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.sources import open_pictures
from engine.errors import DataError


def draw(*paths: Path, size=(6, 5), seed=0):
    for i, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed + i).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)


def names(pictures, split):
    return [pictures.describe(i) for i in pictures.splits[split]]


def test_class_folders_give_labels(tmp_path):
    draw(*(tmp_path / kind / f"{i}.png" for kind in ("dog", "cat") for i in range(3)))
    pictures = open_pictures(tmp_path)
    assert pictures.kind == "class_folders"
    assert pictures.classes == ("cat", "dog")
    assert pictures.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert pictures.describe(3) == "dog/0.png"
    assert pictures.read(3).shape == (5, 6, 3)
    assert pictures.path(3) == tmp_path / "dog" / "0.png"
    assert len(pictures) == len(pictures.train) == 6


def test_split_folders_keep_test_apart(tmp_path):
    for split in ("Train", "val", "testing"):
        draw(*(tmp_path / split / kind / f"{i}.jpg" for kind in "ab" for i in range(2)))
    pictures = open_pictures(tmp_path)
    assert pictures.kind == "split_folders"
    assert {split: len(indices) for split, indices in pictures.splits.items()} == {
        "train": 4,
        "validation": 4,
        "test": 4,
    }
    assert names(pictures, "validation")[0] == "val/a/0.jpg"
    assert pictures.labels[pictures.splits["test"]].tolist() == [0, 0, 1, 1]


def test_split_folders_may_have_no_classes(tmp_path):
    draw(*(tmp_path / split / f"{i}.jpg" for split in ("train", "validation") for i in range(2)))
    pictures = open_pictures(tmp_path)
    assert pictures.labels is None
    assert names(pictures, "validation") == ["validation/0.jpg", "validation/1.jpg"]


def test_pictures_in_the_folder_itself_have_no_labels(tmp_path):
    draw(tmp_path / "a.png", tmp_path / "deep" / "er" / "b.png")
    pictures = open_pictures(tmp_path)
    assert (pictures.kind, pictures.labels, pictures.classes) == ("flat", None, ())
    assert names(pictures, "train") == ["a.png", "deep/er/b.png"]


def test_a_class_may_be_called_train(tmp_path):
    draw(*(tmp_path / kind / f"{i}.png" for kind in ("car", "plane", "train") for i in range(2)))
    assert open_pictures(tmp_path).classes == ("car", "plane", "train")


def test_a_lone_train_folder_is_a_split(tmp_path):
    draw(*(tmp_path / "train" / kind / f"{i}.png" for kind in "ab" for i in range(2)))
    assert open_pictures(tmp_path).classes == ("a", "b")


def test_folders_beside_pictures_are_said_to_be_no_classes(tmp_path):
    draw(tmp_path / "a.png", tmp_path / "x" / "b.png")
    assert any("not taken as classes" in note for note in open_pictures(tmp_path).notes)


def test_class_folders_can_be_read_as_flat(tmp_path):
    draw(tmp_path / "x" / "a.png", tmp_path / "y" / "b.png")
    assert open_pictures(tmp_path, "flat").labels is None


def test_what_systems_leave_behind_is_not_a_picture(tmp_path):
    draw(
        tmp_path / "a.PNG",
        tmp_path / "b.jpeg",
        tmp_path / "__MACOSX" / "c.png",
        tmp_path / ".thumbs" / "d.png",
    )
    for leftover in ("._a.png", ".DS_Store", "Thumbs.db", "notes.txt", "desktop.ini"):
        (tmp_path / leftover).write_bytes(b"x")
    assert names(open_pictures(tmp_path), "train") == ["a.PNG", "b.jpeg"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_in_a_loop_end_and_links_to_pictures_are_followed(tmp_path):
    draw(tmp_path / "in" / "a.png", tmp_path / "out" / "b.png")
    (tmp_path / "in" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "in" / "b.png").symlink_to(tmp_path / "out" / "b.png")
    (tmp_path / "in" / "nowhere.png").symlink_to(tmp_path / "missing.png")
    found = names(open_pictures(tmp_path / "in", "flat"), "train")
    assert [name for name in found if "loop" not in name] == ["a.png", "b.png", "nowhere.png"]
    with pytest.raises(DataError, match="leads nowhere"):
        open_pictures(tmp_path / "in").read(found.index("nowhere.png"))


def test_foreign_and_very_long_names_are_read(tmp_path):
    long = "n" * 240 + ".png"
    draw(tmp_path / "köpek ülke 犬" / "фото 📷.png", tmp_path / "b" / long)
    pictures = open_pictures(tmp_path)
    assert pictures.classes == ("b", "köpek ülke 犬")
    assert all(pictures.read(i).shape == (5, 6, 3) for i in range(2))


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="the system refuses such names")
def test_names_that_are_no_text_are_read(tmp_path):
    draw(tmp_path / "a.png", tmp_path / "b.png")
    os.rename(tmp_path / "b.png", os.fsencode(tmp_path) + b"/b\xff.png")
    pictures = open_pictures(tmp_path)
    assert pictures.describe(1).isprintable()
    assert pictures.read(1).shape == (5, 6, 3)
    assert len(pictures.fingerprint()) == 32


@pytest.mark.parametrize(
    ("files", "message"),
    [((), "has no pictures"), (("a.txt",), "has no pictures"), (("a.png",), "only one picture")],
)
def test_too_few_pictures_are_refused_in_words(tmp_path, files, message):
    draw(*(tmp_path / f for f in files if f.endswith("png")))
    for file in files:
        (tmp_path / file).touch()
    with pytest.raises(DataError, match=message) as caught:
        open_pictures(tmp_path)
    assert caught.value.fix


def test_what_is_no_set_of_pictures_is_refused_in_words(tmp_path):
    draw(tmp_path / "a.png", tmp_path / "b.png")
    (tmp_path / "set.zip").touch()
    with pytest.raises(DataError, match="no folder or list at"):
        open_pictures(tmp_path / "nothing")
    with pytest.raises(DataError, match="single file"):
        open_pictures(tmp_path / "a.png")
    with pytest.raises(DataError, match="archive"):
        open_pictures(tmp_path / "set.zip")
    with pytest.raises(DataError, match="No pictures were chosen"):
        open_pictures("  ")
    with pytest.raises(DataError, match="does not hold the files of cifar10"):
        open_pictures(tmp_path, "cifar10")
    with pytest.raises(DataError, match="no 'train' folder"):
        open_pictures(tmp_path, "split_folders")
    with pytest.raises(DataError, match="laid out as flat"):
        open_pictures(tmp_path, "list")


def test_one_class_is_allowed_and_said(tmp_path):
    draw(tmp_path / "only" / "a.png", tmp_path / "only" / "b.png")
    pictures = open_pictures(tmp_path)
    assert not pictures.has_labels
    assert any("one class, 'only'" in note for note in pictures.notes)


def test_a_fingerprint_survives_moving_and_notices_changes(tmp_path):
    for place in ("one", "two"):
        draw(*(tmp_path / place / kind / f"{i}.png" for kind in "ab" for i in range(3)))
    first = open_pictures(tmp_path / "one").fingerprint()
    assert first == open_pictures(tmp_path / "two").fingerprint()
    assert first != open_pictures(tmp_path / "two", "flat").fingerprint()
    draw(tmp_path / "two" / "a" / "0.png", seed=9)
    changed = open_pictures(tmp_path / "two").fingerprint()
    assert changed != first
    (tmp_path / "two" / "b" / "1.png").rename(tmp_path / "two" / "a" / "9.png")
    assert open_pictures(tmp_path / "two").fingerprint() not in (first, changed)


def test_a_set_can_be_sent_to_another_process(tmp_path):
    draw(tmp_path / "a.png", tmp_path / "b.png")
    pictures = open_pictures(tmp_path)
    assert np.array_equal(pickle.loads(pickle.dumps(pictures)).read(1), pictures.read(1))


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [("jfif", "JPEG"), ("JPE", "JPEG"), ("dib", "DIB"), ("pnm", "PPM"), ("jp2", "JPEG2000"),
     ("avif", "AVIF"), ("apng", "PNG")],
)  # fmt: skip
def test_less_usual_suffixes_are_pictures_too(tmp_path, suffix, kind):
    if not Image.registered_extensions() or kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    draw(tmp_path / "cat" / "a.png", tmp_path / "dog" / "b.png")
    with Image.open(tmp_path / "dog" / "b.png") as picture:
        picture.save(tmp_path / "dog" / f"c.{suffix}", kind)
    pictures = open_pictures(tmp_path)
    assert names(pictures, "train") == ["cat/a.png", "dog/b.png", f"dog/c.{suffix}"]
    assert pictures.read(2).shape == (5, 6, 3)
