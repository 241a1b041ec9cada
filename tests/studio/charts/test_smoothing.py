"""Smoothing is the debiased moving average, however it is computed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.charts.smoothing import smooth, weight_of_window, window_of_slider

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def by_loop(values, weight):
    average, smoothed = 0.0, []
    for count, value in enumerate(values, start=1):
        average = weight * average + (1 - weight) * value
        smoothed.append(average / (1 - weight**count))
    return smoothed


@given(VALUES, st.floats(0.01, 0.999))
def test_it_equals_the_recursion(values, weight):
    assert smooth(np.array(values), weight) == pytest.approx(by_loop(values, weight), rel=1e-6, abs=1e-3)


def test_it_equals_the_recursion_over_many_blocks():
    values = np.random.default_rng(0).normal(size=3000)
    assert smooth(values, 0.98) == pytest.approx(by_loop(values, 0.98))


@given(VALUES)
def test_no_weight_leaves_the_values_as_they_are(values):
    assert smooth(np.array(values), 0.0).tolist() == values


@given(st.floats(-1e6, 1e6), st.integers(1, 40), st.floats(0, 0.999))
def test_a_flat_curve_stays_flat_from_its_first_point(value, length, weight):
    assert smooth(np.full(length, value), weight) == pytest.approx(np.full(length, value))


def test_a_value_that_is_not_finite_stays_a_gap_and_spoils_nothing_behind_it():
    smoothed = smooth(np.array([1.0, np.nan, 1.0, np.inf, 1.0]), 0.9)
    assert np.isnan(smoothed[[1, 3]]).all()
    assert smoothed[[0, 2, 4]] == pytest.approx(1.0)


def test_nothing_to_smooth_is_no_error():
    assert len(smooth(np.zeros(0), 0.5)) == 0
    assert np.isnan(smooth(np.array([np.nan]), 0.5)).all()


def test_a_weight_of_one_is_refused():
    with pytest.raises(ValueError, match="below 1"):
        smooth(np.zeros(3), 1.0)


@given(st.floats(1, 1e4), st.floats(0.5, 100))
def test_the_average_lags_the_same_number_of_steps_however_far_apart_the_points_are(window, spacing):
    weight = weight_of_window(window, spacing)
    assert spacing * weight / (1 - weight) == pytest.approx(window)


def test_no_window_is_no_smoothing():
    assert weight_of_window(0, 8) == 0


def test_the_slider_goes_from_nothing_to_a_tenth_of_the_series():
    assert window_of_slider(0, 5000) == 0
    assert window_of_slider(100, 5000) == pytest.approx(500)
