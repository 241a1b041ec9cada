"""Which pictures learn and which judge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.decode import Picture
from engine.data.picture_set import PictureSet, SetInfo
from engine.data.sources import open_pictures
from engine.data.splits import knn_split
from tests.engine.data.trees import grow, picture_bytes, plant


class Labelled(PictureSet):
    """Labels without pictures."""

    def read(self, index: int, channels: int = 3) -> Picture:
        raise NotImplementedError

    def describe(self, index: int) -> str:
        return str(index)

    def fingerprint(self) -> str:
        return ""


def labelled(labels, **splits):
    named = {name: np.array(indices, np.int64) for name, indices in splits.items()}
    splits = named or {"train": np.arange(len(labels), dtype=np.int64)}
    classes = tuple(str(label) for label in sorted(set(labels) - {-1}))
    return Labelled(
        SetInfo("x", "x", "flat", splits, classes, np.array(labels, np.int64) if classes else None)
    )


def test_a_validation_split_judges_and_a_test_split_is_left_alone():
    split = knn_split(labelled([0, 1, 0, 1, 0, 1], train=[0, 1], validation=[2, 3], test=[4, 5]), 0.2, 0)
    assert (split.train.tolist(), split.bank.tolist(), split.test.tolist()) == ([0, 1], [0, 1], [2, 3])
    assert "validation" in split.origin


@given(st.lists(st.integers(-1, 3), min_size=2, max_size=60), st.floats(0.05, 0.5), st.integers(0, 9))
def test_the_held_out_pictures_are_stratified_and_not_learned_from(labels, held_out, seed):
    pictures = labelled(labels)
    split = knn_split(pictures, held_out, seed)
    assert np.array_equal(split.test, knn_split(pictures, held_out, seed).test)
    assert sorted([*split.train, *split.test]) == list(range(len(labels)))
    if not split.is_possible:
        assert split.reason.endswith(".")
        return
    for label in set(labels) - {-1}:
        members = labels.count(label)
        taken = int((pictures.labels[split.test] == label).sum())
        assert taken == min(max(1, round(held_out * members)), members - 1)
    assert set(split.bank) == {i for i in split.train if labels[i] >= 0}


@pytest.mark.parametrize(
    ("labels", "reason"),
    [([-1, -1], "no labels"), ([0, 0, 0], "one class only"), ([0, 1, -1], "No class has two pictures")],
)
def test_where_knn_makes_no_sense_the_reason_is_said(labels, reason):
    split = knn_split(labelled(labels), 0.2, 0)
    assert not split.is_possible
    assert reason in split.reason
    assert len(split.train) == len(labels)


def test_another_seed_holds_out_other_pictures():
    pictures = labelled([i % 2 for i in range(100)])
    assert not np.array_equal(knn_split(pictures, 0.2, 0).test, knn_split(pictures, 0.2, 1).test)


def test_nothing_is_kept_from_training_when_nothing_is_judged():
    split = knn_split(labelled([0, 1, 0, 1]), 0.0, 0)
    assert len(split.train) == 4
    assert not split.is_possible
    assert "off" in split.reason


def contents(pictures, indices):
    return {pictures.path(int(index)).read_bytes() for index in indices}


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_a_file_that_is_there_twice_stays_on_one_side(tmp_path, share):
    for number in range(12):
        for copy in ("a", "b"):
            plant(tmp_path, f"cat/{number}{copy}.png", content=picture_bytes(number))
            plant(tmp_path, f"dog/{number}{copy}.png", content=picture_bytes(100 + number, side=70))
    pictures = open_pictures(tmp_path)
    for seed in range(5):
        split = knn_split(pictures, share, seed)
        assert len(split.test) > 0
        assert not contents(pictures, split.test) & contents(pictures, split.train)
        assert sorted([*split.test, *split.train]) == list(range(48))


def test_sets_without_equal_files_are_divided_as_they_always_were(tmp_path):
    grow(tmp_path, "cat", "dog", count=15)
    pictures = open_pictures(tmp_path)
    expected = []
    for label in (0, 1):
        members = np.flatnonzero(pictures.labels == label)
        expected += members[np.random.default_rng((7, label)).permutation(15)[:3]].tolist()
    assert knn_split(pictures, 0.2, 7).test.tolist() == sorted(expected)


def test_a_file_under_two_labels_is_never_held_out(tmp_path):
    grow(tmp_path, "cat", "dog", count=3)
    plant(tmp_path, "cat/x.png", "dog/x.png", content=picture_bytes(1))
    pictures = open_pictures(tmp_path)
    for seed in range(20):
        held_out = [pictures.describe(int(index)) for index in knn_split(pictures, 0.5, seed).test]
        assert held_out
        assert not [name for name in held_out if name.endswith("x.png")]
    assert (
        knn_split(pictures, 0.5, 0).caveat
        == "Files under two labels, which train and never judge: 1 (cat/x.png)."
    )


def test_a_set_of_nothing_but_files_under_two_labels_says_so(tmp_path):
    plant(tmp_path, "cat/x.png", "dog/x.png", "cat/y.png", "dog/y.png", content=picture_bytes(1))
    assert (
        "Files under two labels, which train and never judge: 1"
        in knn_split(open_pictures(tmp_path), 0.5, 0).reason
    )


def test_classes_that_training_lacks_lower_what_can_be_reached_and_that_is_said(tmp_path):
    grow(tmp_path, "train/cat", "train/dog", "val/cat", "val/elk")
    split = knn_split(open_pictures(tmp_path), 0.2, 0)
    assert split.is_possible
    assert split.caveat == "At most 50 % accuracy can be reached, for training lacks elk."


def test_no_accuracy_is_measured_where_none_can_be_reached(tmp_path):
    grow(tmp_path, "train/cat", "train/dog", "val/Cat", "val/Dog")
    split = knn_split(open_pictures(tmp_path), 0.2, 0)
    assert not split.is_possible
    assert "None of the classes of the validation split is in training" in split.reason
    assert len(split.train) == 4


def test_judging_pictures_that_training_knows_are_counted(tmp_path):
    grow(tmp_path, "train/cat", "train/dog", "val/cat", "val/dog")
    plant(tmp_path, "train/cat/again.png", "val/cat/again.png", content=picture_bytes(1))
    split = knn_split(open_pictures(tmp_path), 0.2, 0)
    assert split.caveat.startswith("1 of the 5 pictures are in training too")
