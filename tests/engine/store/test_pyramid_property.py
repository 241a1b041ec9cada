"""Whatever is written and cut in whatever order: the pyramid is the one that the remaining points make."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store import (
    create_run,
    open_store,
    read_curve,
    read_points,
    series_summaries,
    truncate_metrics,
    write_metrics,
)

STEPS = st.integers(0, 70) | st.integers(0, 5000) | st.integers(2**31, 2**31 + 40)
# Whole numbers add up exactly in any order.
VALUES = st.integers(-1000, 1000).map(float) | st.sampled_from([math.nan, math.inf, -math.inf])
POINTS = st.lists(st.tuples(st.sampled_from(["loss", "lr"]), STEPS, VALUES), max_size=40)
ACTIONS = st.lists(
    st.tuples(st.just("write"), POINTS) | st.tuples(st.just("cut"), st.just(-1) | STEPS), max_size=6
)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    opened = open_store(tmp_path_factory.mktemp("property") / "store.sqlite")
    yield opened
    opened.close()


def expected_level(points, level):
    buckets = {}
    for step in sorted(points):
        buckets.setdefault(step // 8**level, []).append((step, *points[step]))
    rows = []
    for bucket, inside in sorted(buckets.items()):
        finite = [value for _, value, _ in inside if value is not None]
        low, high = (min(finite), max(finite)) if finite else (None, None)
        rows.append((bucket, inside[0][0], inside[-1][0], len(finite), low, high, sum(finite), inside[-1][2]))
    return rows


def stored_level(store, run_id, name, level):
    query = """SELECT bucket, l.first_step, l.last_step, l.count, l.low, l.high, total, wall
        FROM metric_level l JOIN series ON series.id = l.series_id
        WHERE run_id = ? AND name = ? AND level = ? ORDER BY bucket"""
    with store.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query, (run_id, name, level))]


def check_summary(summary, points):
    finite = [(value, step) for step, (value, _) in sorted(points.items()) if value is not None]
    assert (summary.count, summary.first_step, summary.last_step) == (len(points), min(points), max(points))
    assert summary.last_value == points[max(points)][0]
    lowest = min(finite, default=(None, None))
    highest = max(finite, key=lambda pair: (pair[0], -pair[1]), default=(None, None))
    assert (summary.low, summary.low_step) == lowest
    assert (summary.high, summary.high_step) == highest


@settings(max_examples=40)
@given(actions=ACTIONS)
def test_the_pyramid_is_the_one_of_the_points_that_remain(one_store, actions):
    run_id = create_run(one_store, name="any", method="mae", recipe={}, seed=0).id
    model = {"loss": {}, "lr": {}}
    wall = 0.0
    for action, content in actions:
        if action == "cut":
            truncate_metrics(one_store, run_id, content)
            model = {
                name: {s: p for s, p in points.items() if s <= content} for name, points in model.items()
            }
            continue
        batch = [(name, step, value, wall := wall + 1.0) for name, step, value in content]
        write_metrics(one_store, run_id, batch)
        for name, step, value, at in batch:
            model[name][step] = (value if math.isfinite(value) else None, at)
    summaries = series_summaries(one_store, [run_id]).get(run_id, {})
    assert set(summaries) == {name for name, points in model.items() if points}
    for name, points in model.items():
        assert read_points(one_store, run_id, name) == [(s, *p) for s, p in sorted(points.items())]
        for level in range(1, 7):
            assert stored_level(one_store, run_id, name, level) == expected_level(points, level)
        if points:
            check_summary(summaries[name], points)
            for max_points in (1, 5, 100):
                assert (
                    1 <= len(read_curve(one_store, run_id, name, max_points=max_points).steps) <= max_points
                )
