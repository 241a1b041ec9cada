"""Numbers as a person reads them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (0.25, "250 ms"), (59.6, "1 min"), (192, "3 min 12 s"), (7500, "2 h 5 min"),
        (350_000, "4 d 1 h"), (120, "2 min"), (math.inf, "unknown"),
    ],
)  # fmt: skip
def test_a_duration_is_said_with_its_two_largest_units(seconds, words):
    assert wording.duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"), (0.35923, "0.359"), (12.3456, "12.3"), (412.7, "413"), (1240, "1,240"), (1.28e-4, "1.28e-4"),
        (2.5e7, "2.50e7"), (-0.5, "-0.500"), (math.nan, "not a number"), (math.inf, "infinite"),
    ],
)  # fmt: skip
def test_a_value_has_three_significant_digits(number, words):
    assert wording.value(number) == words


@given(st.floats(min_value=1e-12, max_value=1e12))
def test_a_worded_value_is_within_half_a_percent_of_the_value(number):
    assert float(wording.value(number).replace(",", "")) == pytest.approx(number, rel=0.006)


def test_a_share_is_said_in_percent_with_one_digit():
    assert wording.percent(0.5483) == "54.8 %"


def test_sizes_are_si():
    assert [wording.size(n) for n in (12, 3_200_000, 6.1e9)] == ["12 B", "3.2 MB", "6.1 GB"]


def test_moments_are_said_by_how_long_ago_they_were():
    assert wording.ago(1000, now=1003) == "just now"
    assert wording.ago(1000, now=1000 + 180) == "3 min ago"


def test_things_are_counted_in_words():
    assert [wording.counted(n, "alarm") for n in (0, 1, 2)] == ["no alarms", "1 alarm", "2 alarms"]
