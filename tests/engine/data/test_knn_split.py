"""Which pictures learn and which judge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.decode import Picture
from engine.data.picture_set import PictureSet, SetInfo
from engine.data.splits import knn_split


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
