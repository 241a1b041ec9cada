"""Which patches hold a share of the attention, and their outline."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studio.viewers.attention_mass import enlarge, mass_mask, outline

MAPS = arrays(np.float32, st.tuples(*[st.integers(1, 6)] * 3), elements=st.floats(2**-20, 1, width=32))


def test_the_largest_patches_come_first_and_the_bound_is_strict():
    maps = np.array([[[0.4, 0.3], [0.2, 0.1]]])
    assert mass_mask(maps, 0.35).tolist() == [[[True, False], [False, False]]]
    assert mass_mask(maps, 0.45).tolist() == [[[True, True], [False, False]]]
    even = np.full((1, 1, 4), 0.25)
    assert mass_mask(even, 0.5).sum() == 2
    assert mass_mask(even, 0.51).sum() == 3


@given(MAPS, st.floats(0.01, 0.99))
def test_what_is_kept_holds_the_mass_and_would_not_without_its_least_patch(maps, mass):
    for values, kept in zip(maps.astype(np.float64), mass_mask(maps, mass), strict=True):
        held = np.sort(values[kept]) / values.sum()
        assert held.sum() >= mass - 1e-9
        assert held[1:].sum() <= mass + 1e-9
        if kept.any() and not kept.all():
            assert values[kept].min() >= values[~kept].max()


@given(MAPS)
def test_no_mass_keeps_nothing_and_all_of_it_everything(maps):
    assert not mass_mask(maps, 0.0).any()
    assert mass_mask(maps, 1.0).all()


def test_a_map_of_zeros_keeps_nothing():
    assert not mass_mask(np.zeros((1, 2, 2)), 0.6).any()


def test_an_outline_is_the_rim_inside_the_kept_patches():
    kept = np.array([[True, True], [False, False]])
    rim = outline(kept, 4, 1)
    drawn = ["".join("#" if pixel else "." for pixel in row) for row in rim]
    assert drawn == ["########", "#......#", "#......#", "########", *["........"] * 4]


@pytest.mark.parametrize("thickness", [1, 2, 5])
def test_an_outline_never_leaves_the_kept_patches(thickness):
    kept = np.random.default_rng(0).random((5, 7)) > 0.5
    assert not (outline(kept, 4, thickness) & ~enlarge(kept, 4)).any()
