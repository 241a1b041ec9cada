"""Axes can be read: whole steps, several labels on logarithmic ones, none over another."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QPainter, QPixmap

from studio.charts.axis import StepAxis, log_ticks, step_ticks, tick_words
from studio.charts.plot_area import PlotArea


@given(low=st.floats(-12, 12), span=st.floats(0.05, 20), most=st.integers(4, 14))
def test_a_logarithmic_axis_has_labels_that_do_not_lie_over_each_other(low, span, most):
    labelled, minor = log_ticks(low, low + span, most)
    assert len(labelled) >= 2
    assert all(low - 1e-6 <= place <= low + span + 1e-6 for place in (*labelled, *minor))
    # A label that has its share of the axis to itself lies over no other.
    assert all(after - before >= 0.99 * span / most for before, after in pairwise(labelled))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1e-5, 1e-3, ["1e-5", "2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "0.001"]),
        (0.7, 3.1, ["1", "2"]),
        (1, 10**6, ["1", "10", "100", "1,000", "10,000", "100,000", "1e6"]),
    ],
)
def test_labels_are_one_two_five_or_powers_of_ten(low, high, words):
    labelled, _ = log_ticks(math.log10(low), math.log10(high), 8)
    assert set(words) <= {tick_words(float(f"{10**place:.6g}")) for place in labelled}


@pytest.mark.parametrize("span", [(0.0, 0.0), (-500.0, 500.0), (300.0, 20_000.0), (-1e300, 1e300)])
def test_no_range_however_odd_is_an_error(span):
    labelled, minor = log_ticks(*span, 5)
    assert len(labelled) <= 6
    assert len(minor) < 10_000


@given(low=st.floats(-100, 1e7), span=st.floats(0, 1e7), most=st.integers(1, 12))
def test_steps_are_whole_and_never_negative(low, span, most):
    ticks = step_ticks(low, low + span, most)
    assert all(tick >= 0 and tick == int(tick) for tick in ticks)
    assert len(ticks) <= max(most + 1, 5)


@pytest.mark.parametrize(
    ("last", "words"), [(880, "200 400 600 800"), (99_999, "20,000 40,000 60,000 80,000")]
)
def test_a_small_chart_has_more_than_one_label_on_its_steps(qtbot, last, words):
    _, labelled = StepAxis().tickValues(1.0, float(last), 258.0)[0]
    assert [tick_words(place) for place in labelled] == words.split()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.00015, "1.5e-4"), (0.02, "0.02"), (1500.0, "1,500"), (2e6, "2e6"), (-3e-5, "-3e-5")],
)
def test_a_label_is_short_and_not_rounded_away(value, words):
    assert tick_words(value) == words


def test_zero_is_labelled_at_the_end_of_both_axes(qtbot):
    plot = PlotArea("rate", "")
    qtbot.addWidget(plot)
    plot.resize(300, 130)
    plot.show()
    plot.plotItem.vb.setRange(xRange=(0, 200), yRange=(-0.02, 0.52), padding=0)
    qtbot.waitExposed(plot)
    canvas = QPixmap(8, 8)
    painter = QPainter(canvas)
    try:
        drawn = {side: plot.getAxis(side).generateDrawSpecs(painter)[2] for side in ("left", "bottom")}
    finally:
        painter.end()
    assert "0" in [text for *_, text in drawn["left"]]
    assert "0" in [text for *_, text in drawn["bottom"]]
