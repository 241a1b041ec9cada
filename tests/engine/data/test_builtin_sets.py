"""The sets that are always there."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits

from engine.data.sources import open_pictures
from engine.errors import DataError


@pytest.fixture(scope="module")
def shapes():
    return open_pictures("builtin:shapes")


def test_shapes_are_two_thousand_pictures_of_ten_balanced_classes(shapes):
    assert len(shapes) == 2000
    assert shapes.read(0).shape == (64, 64, 3)
    assert shapes.read(0, 1).shape == (64, 64, 1)
    assert np.bincount(shapes.labels).tolist() == [200] * 10
    assert shapes.classes[shapes.labels[7]] == "square"


def test_a_shape_follows_from_its_number_alone(shapes):
    again = pickle.loads(pickle.dumps(open_pictures("builtin:shapes")))
    assert np.array_equal(again.read(1234), shapes.read(1234))
    assert not np.array_equal(shapes.read(0), shapes.read(10))


def test_the_drawing_version_is_raised_when_the_pictures_change(shapes):
    means = [shapes.read(i).mean().round(1) for i in (0, 501, 1999)]
    assert means == pytest.approx([123.8, 143.7, 158.2], abs=0.2), (
        "raise DRAWING_VERSION in engine/data/shapes.py and mend this test"
    )


@pytest.mark.parametrize("index", range(20))
def test_the_mask_lies_on_the_shape(shapes, index):
    mask, picture = shapes.mask(index), shapes.read(index).astype(float)
    assert mask.shape == (64, 64)
    assert 0.02 < mask.mean() < 0.6
    assert not mask[[0, -1]].all(axis=1).any()
    distance = np.abs(picture[mask].mean(axis=0) - picture[~mask].mean(axis=0)).mean()
    assert distance > 40


def test_digits_are_seventeen_hundred_pictures_with_labels():
    digits = open_pictures("builtin:digits")
    assert len(digits) == 1797
    assert digits.read(5).shape == (32, 32, 3)
    assert digits.read(5, 1).max() > 200
    assert digits.classes[digits.labels[0]] == "0"
    theirs = load_digits()  # which takes a second to import: the set reads its file
    assert np.array_equal(digits.bitmaps, np.rint(theirs.images * 255 / 16))
    assert np.array_equal(digits.labels, theirs.target)


def test_fingerprints_tell_the_sets_apart(shapes):
    assert shapes.fingerprint() == open_pictures("builtin:shapes").fingerprint()
    assert shapes.fingerprint() != open_pictures("builtin:digits").fingerprint()


def test_an_unknown_built_in_set_is_refused_with_the_known_ones():
    with pytest.raises(DataError, match="no built-in set 'cats'") as caught:
        open_pictures("builtin:cats")
    assert "builtin:shapes" in caught.value.fix
