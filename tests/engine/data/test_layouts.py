"""Folders as people have them: nothing is lost or mislabelled without a word."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.data.sources import open_pictures
from engine.errors import DataError
from tests.engine.data.trees import grow, picture_bytes, plant

LINKS = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
ANY_NAME = pytest.mark.skipif(
    os.name == "nt" or os.uname().sysname == "Darwin", reason="the system refuses such names"
)


def files(pictures, split="train"):
    return [pictures.files[i] for i in pictures.splits.get(split, ())]


def said(pictures):
    assert pictures.account.seen == pictures.account.kept + pictures.account.count()
    return "\n".join((*pictures.warnings, *pictures.notes))


def of_class(pictures, split):
    """Class of every picture of a split, with its file."""
    return {pictures.files[i]: pictures.classes[pictures.labels[i]] for i in pictures.splits[split]}


def test_splits_below_classes_are_recognised(tmp_path):
    grow(tmp_path, "cat/train", "cat/test", "dog/train", "dog/test")
    pictures = open_pictures(tmp_path)
    assert (pictures.kind, pictures.classes) == ("split_folders", ("cat", "dog"))
    assert set(of_class(pictures, "train").items()) == {
        ("cat/train/0.png", "cat"), ("cat/train/1.png", "cat"), ("dog/train/0.png", "dog"), ("dog/train/1.png", "dog"),
    }  # fmt: skip
    assert len(files(pictures, "test")) == 4
    assert "above them are the classes" in said(pictures)
    assert open_pictures(tmp_path, "split_folders").fingerprint() == pictures.fingerprint()


def test_masks_of_an_inspection_set_never_train(tmp_path):
    for part in ("bottle", "cable"):
        grow(
            tmp_path,
            *(f"{part}/{each}" for each in ("train/good", "test/broken", "test/good", "ground_truth/broken")),
        )
    pictures = open_pictures(tmp_path)
    assert all("/train/good/" in file for file in files(pictures))
    assert len(files(pictures, "test")) == 8
    assert "masks or annotations of other pictures: 4 png" in said(pictures)
    one = open_pictures(tmp_path / "bottle")
    assert "No accuracy" not in said(one)
    assert (
        "At most 50 % accuracy can be reached on the test split: 1 of its 2 classes is not in training (broken)"
        in said(one)
    )
    assert "masks" in said(one)


def test_splits_in_some_classes_only_are_warned_of(tmp_path):
    grow(tmp_path, "cat/train", "cat/test", "dog")
    pictures = open_pictures(tmp_path)
    assert pictures.kind == "class_folders"
    assert "'cat' hold splits: their validation and test pictures train as well" in "".join(pictures.warnings)


@pytest.mark.parametrize(
    ("folders", "splits", "classes"),
    [
        (("train2017", "val2017"), {"train": 2, "validation": 2}, ()),
        (("images/train2017", "images/val2017", "annotations"), {"train": 2, "validation": 2}, ()),
        (("Training/a", "Training/b", "Testing/a", "Testing/b"), {"train": 4, "test": 4}, ("a", "b")),
        (("train_set/a", "train_set/b", "val-images/a", "val-images/b"), {"train": 4, "validation": 4}, ("a", "b")),
        (("wrap/train/a", "wrap/train/b", "wrap/test/a"), {"train": 4, "test": 2}, ("a", "b")),
        (("wrap/again/a", "wrap/again/b"), {"train": 4}, ("a", "b")),
        (("images/a", "images/b", "masks/a", "masks/b"), {"train": 4}, ("a", "b")),
        (("train/images", "train/labels", "valid/images", "valid/labels"), {"train": 2, "validation": 2}, ()),
        (("JPEGImages", "SegmentationClass", "SegmentationObject"), {"train": 2}, ()),
        (("leftImg8bit/train/ulm", "leftImg8bit/train/bonn", "gtFine/train/ulm"), {"train": 4}, ("bonn", "ulm")),
        (("train", "train_masks"), {"train": 2}, ()),
        (("cars_train", "cars_test"), {"train": 2, "test": 2}, ()),
        (("Training_Input", "Training_GroundTruth"), {"train": 2}, ("Training_Input",)),
        (("jpg",), {"train": 2}, ()),
        (("set/images/a", "set/images/b", "segmentations/a"), {"train": 4}, ("a", "b")),
        (("only",), {"train": 2}, ("only",)),
    ],
)  # fmt: skip
def test_layouts_that_people_have(tmp_path, folders, splits, classes):
    grow(tmp_path, *folders)
    pictures = open_pictures(tmp_path)
    assert {split: len(indices) for split, indices in pictures.splits.items()} == splits
    assert pictures.classes == classes
    left_out = 2 * len(folders) - sum(splits.values())
    assert pictures.account.count("mask") == left_out
    assert ("masks or annotations" in said(pictures)) == bool(left_out)
    assert len(open_pictures(tmp_path, pictures.kind)) == len(pictures)


def test_two_folders_of_one_split_are_refused(tmp_path):
    grow(tmp_path, "train", "val", "validation")
    with pytest.raises(DataError, match="two validation parts: 'val' and 'validation'"):
        open_pictures(tmp_path)


def test_splits_without_training_are_classes_with_a_warning(tmp_path):
    grow(tmp_path, "test", "valid")
    assert "look like splits, but none of them is for training" in said(open_pictures(tmp_path))


def test_folders_that_hold_the_same_folders_may_be_splits(tmp_path):
    grow(tmp_path, "tr/cat", "tr/dog", "te/cat", "te/dog")
    assert "All 2 class folders hold the folders 'cat', 'dog'" in said(open_pictures(tmp_path))


def test_what_lies_beside_splits_is_named(tmp_path):
    grow(tmp_path, "train/a", "train/b", "val/a", "extra")
    plant(tmp_path, "train/a.png")
    warnings = "".join(open_pictures(tmp_path).warnings)
    assert "outside the folders that are read: 2 png (extra/0.png, extra/1.png)" in warnings
    assert "Outside the class folders, without a label: 1 of 7 pictures (train/a.png)" in warnings


def test_masks_beside_their_pictures_are_left_out_and_named(tmp_path):
    plant(tmp_path, *(f"benign/b ({i}).png" for i in range(3)), *(f"benign/b ({i})_mask.png" for i in range(3)),
          "normal/n.jpg", "normal/n_mask_1.png", "normal/unmasked_mask.png")  # fmt: skip
    pictures = open_pictures(tmp_path)
    assert [file for file in pictures.files if "mask" in file] == ["normal/unmasked_mask.png"]
    assert "masks or annotations of other pictures: 4 png" in "".join(pictures.warnings)


def test_a_class_called_mask_is_one_with_a_word(tmp_path):
    grow(tmp_path, "mask", "no_mask")
    pictures = open_pictures(tmp_path)
    assert pictures.classes == ("mask", "no_mask")
    assert "may hold masks or annotations" in "".join(pictures.warnings)


def test_classes_that_training_lacks_and_near_twins_are_named(tmp_path):
    grow(tmp_path, "train/cat", "train/polar bear", "val/Cat", "val/polar_bear", "val/cat", "val/elk")
    warnings = "\n".join(open_pictures(tmp_path).warnings)
    assert (
        "At most 25 % accuracy can be reached on the validation split: 3 of its 4 classes are not in training"
        in warnings
    )
    assert "'Cat' and 'cat', 'polar bear' and 'polar_bear'" in warnings
    assert "lacks polar bear" in "".join(open_pictures(tmp_path).notes)


@ANY_NAME
def test_names_in_two_unicode_forms_stay_two_classes_and_are_pointed_out(tmp_path):
    grow(tmp_path, "caf\u00e9", "cafe\u0301", "tee ", "tee")
    pictures = open_pictures(tmp_path)
    assert len(pictures.classes) == 4
    assert "'cafe\u0301' and 'caf\u00e9', 'tee' and 'tee '" in "".join(pictures.warnings)


def test_pictures_that_are_not_read_are_counted_by_suffix(tmp_path):
    grow(tmp_path, "cat", "dog")
    plant(
        tmp_path,
        "dog/a.HEIC",
        "dog/b.heic",
        "dog/c.cr2",
        "elk/d.nef",
        "elk/e.svg",
        "clip.mp4",
        "old.zip",
        "readme.md",
    )
    (tmp_path / "yak").mkdir()
    pictures = open_pictures(tmp_path)
    warnings = "\n".join(pictures.warnings)
    assert "a picture format that is not read: 2 heic (dog/a.HEIC, dog/b.heic), 1 cr2 (dog/c.cr2)" in warnings
    assert "No picture that can be read lies in 2 of 4 class folders: elk, yak" in warnings
    assert {"Left out as videos: 1 mp4 (clip.mp4).", "Left out as archives: 1 zip (old.zip)."} <= set(
        pictures.notes
    )
    assert "Empty folders: yak." in pictures.notes


def test_pictures_without_the_end_of_one_are_found_by_their_content(tmp_path):
    grow(tmp_path, "cat", "dog")
    plant(tmp_path, "dog/download", "dog/b.jpg_large", content=picture_bytes(1, "JPEG"))
    plant(tmp_path, "dog/notes.txt", content=b"no picture")
    assert "by their content but not by their names" in "".join(open_pictures(tmp_path).warnings)
    assert open_pictures(tmp_path).account.count("content") == 2


def test_a_folder_of_other_formats_only_is_refused_with_their_names(tmp_path):
    plant(tmp_path, "a.heic", "b.heic")
    with pytest.raises(DataError, match="2 heic"):
        open_pictures(tmp_path)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("cat.0.jpg", "cat.1.jpg", "dog.0.jpg", "dog.1.jpg"), "begin as if by class (cat, dog)"),
        (("IMG-20240101-WA0001.jpg", "IMG-20240101-WA0002.jpg"), ""),
        (("2024-01-03/a.jpg", "2024-01-04/b.jpg"), "All classes look like dates"),
        (("Photos from 2023/a.jpg", "Photos from 2023/a.jpg.json", "Photos from 2024/b.jpg"), "1 json"),
        (
            ("train/cat.0.jpg", "train/cat.1.jpg", "train/dog.0.jpg", "train/dog.1.jpg"),
            "as if by class (cat, dog)",
        ),
        (
            ("photo/dog/a.jpg", "photo/cat/a.jpg", "sketch/dog/a.jpg"),
            "folders inside it (cat, dog) are not classes",
        ),
        (("train/a.jpg", "train/b.jpg", "train.csv"), "Lists lie in the folder (train.csv)"),
        (("patient1/a.jpg", "patient2/b.jpg"), "look like parts of one set"),
        (("fold1/a.jpg", "fold2/b.jpg"), "look like parts of one set"),
        (("preview.png", "cat/a.png", "dog/b.png"), "pictures lie beside them (preview.png)"),
    ],
)
def test_what_names_tell_is_said(tmp_path, names, words):
    plant(tmp_path, *names)
    assert words in said(open_pictures(tmp_path))


@LINKS
def test_links_are_accounted_for_and_special_files_are_never_opened(tmp_path):
    grow(tmp_path, "a", "b")
    (tmp_path / "c").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "b" / "loop").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "b" / "pipe.jpg")
    os.mkfifo(tmp_path / "b" / "pipe.dat")
    pictures = open_pictures(tmp_path)
    assert pictures.files == ["a/0.png", "a/1.png", "b/0.png", "b/1.png"]
    warnings = "\n".join(pictures.warnings)
    assert "reached a second time by a link: 2 without a suffix (b/loop, c)" in warnings
    assert "not an ordinary file (a pipe, a device, a socket): 1 jpg (b/pipe.jpg)" in warnings


@ANY_NAME
def test_any_name_of_a_file_system_is_read_and_told_as_text(tmp_path):
    odd = [
        b"caf\xe9",
        b"line\nbreak",
        b"tab\there",
        b" lead",
        b"trail ",
        b"a~b",
        "\u202egnp".encode(),
        b"x" * 255,
    ]
    for name in odd:
        folder = os.fsencode(tmp_path) + b"/" + name
        os.mkdir(folder)
        for number in range(2):
            plant(Path(os.fsdecode(folder)), f"{number}.png")
    pictures = open_pictures(tmp_path)
    assert len(pictures.classes) == len(odd)
    assert "caf\\xe9" in pictures.classes
    for index in range(len(pictures)):
        pictures.describe(index).encode("utf-8")
        assert pictures.describe(index).split("/")[0] in pictures.classes
        assert pictures.read(index).shape == (5, 5, 3)


NAMES = st.sampled_from(
    ["cat", "train", "val", "test", "images", "masks", "ground_truth", ".hidden", "x", "a.png", "a_mask.png", "b.JPG",
     "c.heic", "d.txt", "e.mp4", "f.zip", "Thumbs.db", ".DS_Store", "noend"]
)  # fmt: skip
TREES = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=6, max_size=20)


@given(TREES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_file_of_any_tree_is_in_the_account(tmp_path_factory, paths):
    root = tmp_path_factory.mktemp("tree")
    for path in paths:
        try:
            plant(root, path, content=b"x")
        except OSError:
            continue  # a file is where a folder would be
    there = [os.path.join(at, name) for at, _, names in os.walk(root) for name in names]
    try:
        pictures = open_pictures(root)
    except DataError:
        return  # too few pictures
    account = pictures.account
    assert account.seen == len(there) == account.kept + account.count()
    assert account.kept == len(pictures) == len(set(pictures.files))
