import math

import numpy as np
import pytest

from engine.errors import StoreError
from engine.store import (
    read_curve,
    read_points,
    series_summaries,
    truncate_metrics,
    write_metrics,
    write_metrics_on,
)


def ramp(name, steps, scale=1.0):
    return [(name, step, step * scale, 1000.0 + step) for step in steps]


def test_points_come_back_as_they_were_written(store, run):
    write_metrics(store, run.id, [("loss", 1, 2.5, 10.0), ("lr", 1, 1e-3, 10.0), ("loss", 2, 2.25, 11.0)])
    assert read_points(store, run.id, "loss") == [(1, 2.5, 10.0), (2, 2.25, 11.0)]
    assert read_points(store, run.id, "loss", after_step=1) == [(2, 2.25, 11.0)]
    assert read_points(store, run.id, "lr") == [(1, 1e-3, 10.0)]
    assert read_points(store, run.id, "other") == []


def test_points_may_arrive_in_any_order_and_the_last_of_one_step_counts(store, run):
    write_metrics(store, run.id, [("loss", 9, 1.0, 0.0), ("loss", 3, 5.0, 0.0), ("loss", 9, 2.0, 1.0)])
    write_metrics(store, run.id, [("loss", 5, 3.0, 0.0)])
    assert read_points(store, run.id, "loss") == [(3, 5.0, 0.0), (5, 3.0, 0.0), (9, 2.0, 1.0)]
    summary = series_summaries(store)[run.id]["loss"]
    assert (summary.count, summary.first_step, summary.last_step, summary.last_value) == (3, 3, 9, 2.0)


def test_nothing_written_is_nothing_there(store, run):
    write_metrics(store, run.id, [])
    curve = read_curve(store, run.id, "loss")
    assert (len(curve.steps), curve.level, curve.total) == (0, 0, 0)
    assert series_summaries(store) == {}


def test_metrics_of_no_run_and_negative_steps_are_refused_whole(store, run):
    with pytest.raises(StoreError, match="no such run"):
        write_metrics(store, 99, [("loss", 1, 1.0, 0.0)])
    with pytest.raises(StoreError, match="negative step"):
        write_metrics(store, run.id, [("loss", 1, 1.0, 0.0), ("loss", -1, 1.0, 0.0)])
    assert series_summaries(store) == {}


def test_points_share_a_transaction_with_what_else_is_written(store, run):
    def write_and_fail():
        with store.begin() as connection:
            write_metrics_on(connection, run.id, [("loss", 1, 1.0, 0.0)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert read_points(store, run.id, "loss") == []


def test_a_short_series_is_read_point_by_point(store, run):
    write_metrics(store, run.id, ramp("loss", range(2400)))
    curve = read_curve(store, run.id, "loss")
    assert (curve.level, curve.total) == (0, 2400)
    np.testing.assert_array_equal(curve.steps, np.arange(2400))
    np.testing.assert_array_equal(curve.values, np.arange(2400.0))
    np.testing.assert_array_equal(curve.low, curve.high)
    np.testing.assert_array_equal(curve.walls, 1000.0 + np.arange(2400))
    assert curve.steps.dtype == np.int64
    assert curve.values.dtype == np.float64


def test_a_long_series_is_read_as_means_with_their_extremes(store, run):
    write_metrics(store, run.id, ramp("loss", range(6400)))
    curve = read_curve(store, run.id, "loss", max_points=1000)
    assert (curve.level, len(curve.steps), curve.total) == (1, 800, 6400)
    np.testing.assert_array_equal(curve.low, np.arange(0, 6400, 8.0))
    np.testing.assert_array_equal(curve.high, np.arange(7, 6400, 8.0))
    np.testing.assert_array_equal(curve.values, np.arange(3.5, 6400, 8.0))
    np.testing.assert_array_equal(curve.walls, 1000.0 + curve.high)


def test_a_zoom_shows_every_point(store, run):
    write_metrics(store, run.id, ramp("loss", range(0, 100_000, 10)))
    curve = read_curve(store, run.id, "loss", first=50_001, last=52_000, max_points=500)
    assert curve.level == 0
    np.testing.assert_array_equal(curve.steps, np.arange(50_010, 52_001, 10))


def test_a_spike_survives_every_resolution(store, run):
    points = [("loss", step, 1.0, 0.0) for step in range(30_000)]
    points[12_345] = ("loss", 12_345, 77.0, 0.0)
    write_metrics(store, run.id, points)
    for max_points in (100_000, 4000, 500, 60, 8, 2, 1):
        curve = read_curve(store, run.id, "loss", max_points=max_points)
        assert 1 <= len(curve.steps) <= max_points
        assert curve.high.max() == 77.0
        peak = int(np.argmax(curve.high))
        assert abs(int(curve.steps[peak]) - 12_345) <= 8**curve.level


def test_uneven_series_never_exceed_what_was_asked(store, run):
    steps = [*range(5000), *range(100_000, 10_000_000, 100_000)]
    write_metrics(store, run.id, ramp("loss", steps))
    for max_points in (50, 700, 2400):
        assert len(read_curve(store, run.id, "loss", max_points=max_points).steps) <= max_points
    assert read_curve(store, run.id, "loss", first=100_000, max_points=200).level == 0


def test_values_that_are_not_finite_are_gaps_and_break_nothing(store, run):
    values = [1.0, math.nan, 3.0, math.inf, -math.inf, 2.0]
    write_metrics(store, run.id, [("loss", step, value, 0.0) for step, value in enumerate(values)])
    curve = read_curve(store, run.id, "loss")
    np.testing.assert_array_equal(curve.values, [1.0, np.nan, 3.0, np.nan, np.nan, 2.0])
    coarse = read_curve(store, run.id, "loss", max_points=1)
    assert (coarse.values[0], coarse.low[0], coarse.high[0]) == (2.0, 1.0, 3.0)
    summary = series_summaries(store)[run.id]["loss"]
    assert (summary.count, summary.low, summary.low_step, summary.high, summary.high_step) == (
        6,
        1.0,
        0,
        3.0,
        2,
    )
    assert read_points(store, run.id, "loss")[1][1] is None


def test_a_series_without_any_finite_value_is_a_gap(store, run):
    write_metrics(store, run.id, [("loss", step, math.nan, 0.0) for step in range(20)])
    curve = read_curve(store, run.id, "loss", max_points=3)
    assert len(curve.steps) == 3
    assert np.isnan(curve.values).all()
    summary = series_summaries(store)[run.id]["loss"]
    assert (summary.count, summary.low, summary.high_step, summary.last_value) == (20, None, None, None)


def test_a_resumed_run_writes_its_steps_again_without_counting_twice(store, run):
    write_metrics(store, run.id, ramp("loss", range(1000), 2.0) + ramp("late", range(900, 1000)))
    truncate_metrics(store, run.id, 499)
    assert set(series_summaries(store)[run.id]) == {"loss"}
    assert read_points(store, run.id, "loss")[-1][0] == 499
    write_metrics(store, run.id, ramp("loss", range(500, 1000)))
    curve = read_curve(store, run.id, "loss", max_points=200)
    assert curve.level == 1
    np.testing.assert_array_equal(curve.low[:62], np.arange(0, 62 * 16, 16.0))
    assert (curve.low[62], curve.high[62]) == (500.0, 998.0)
    np.testing.assert_array_equal(curve.high[63:], np.arange(511, 1000, 8.0))
    assert series_summaries(store)[run.id]["loss"].count == 1000


def test_truncating_all_leaves_no_series(store, run, make_run):
    other = make_run()
    write_metrics(store, run.id, ramp("loss", range(100)))
    write_metrics(store, other.id, ramp("loss", range(100)))
    truncate_metrics(store, run.id, -1)
    assert set(series_summaries(store)) == {other.id}
    truncate_metrics(store, run.id, 5)


def test_summaries_are_read_for_the_runs_asked(store, run, make_run):
    other = make_run()
    for each in (run, other):
        write_metrics(store, each.id, [*ramp("loss", [4, 7, 9], -1.0), ("knn", 9, 0.5, 0.0)])
    read = series_summaries(store, [other.id])
    assert set(read) == {other.id}
    loss = read[other.id]["loss"]
    assert (loss.count, loss.first_step, loss.last_step, loss.last_value) == (3, 4, 9, -9.0)
    assert (loss.low, loss.low_step, loss.high, loss.high_step) == (-9.0, 9, -4.0, 4)
    assert set(series_summaries(store)) == {run.id, other.id}
