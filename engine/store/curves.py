"""Read metrics: curves at the resolution of a screen, summaries for a table, single points for export."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from engine.store.connection import Store
from engine.store.metrics import SUMMARY_COLUMNS, SeriesSummary
from engine.store.pyramid import FACTOR, LEVELS, Buckets, coarsen, read_buckets
from engine.store.record import damaged_row, read_record
from engine.store.tables import MetricRow, SeriesRow


@dataclass(frozen=True, slots=True)
class Curve:
    """A series, or a range of one, as arrays of one length, sorted by step.

    Args:
        steps: Step of each point; above level 0 the middle of the steps it sums up, int64.
        values: Value; above level 0 the mean. NaN is a gap: the value was not finite.
        low: Smallest finite value of what the point sums up.
        high: Largest finite value of what the point sums up.
        walls: Unix seconds; above level 0 those of the last step inside.
        level: 0: every point is here. n: a point sums up 8 ** n steps.
        total: Points of the whole series, whatever the range.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    walls: NDArray[np.float64]
    level: int
    total: int


def read_curve(
    store: Store,
    run_id: int,
    name: str,
    *,
    first: int | None = None,
    last: int | None = None,
    max_points: int = 2400,
) -> Curve:
    """Read a series at the finest level that fits on a screen; a short series or a deep zoom is every point.

    Args:
        store: The store.
        run_id: Which run.
        name: Name of the metric.
        first: Smallest step wanted, None from the start. Above level 0 a bucket that begins before it is included.
        last: Largest step wanted, None to the end. Above level 0 a bucket that ends behind it is included.
        max_points: At most so many points, 1 or more.

    Returns:
        The curve, empty when there is no such series.
    """
    known = select(SeriesRow.id, SeriesRow.count, SeriesRow.first_step, SeriesRow.last_step).where(
        SeriesRow.run_id == run_id, SeriesRow.name == name
    )
    with store.read() as connection:
        series = connection.execute(known).one_or_none()
        if series is None:
            return _to_curve(_NOTHING, 0, 0)
        key, total, first_step, last_step = series
        start = first_step if first is None else max(first, 0)
        end = last_step if last is None else last
        for level in (0, *LEVELS):
            scale = FACTOR**level
            # One more than fits tells that there are more; the top level is read whole and thinned here.
            limit = None if level == LEVELS[-1] else max_points + 1
            found = read_buckets(connection, key, level, start // scale, end // scale, limit)
            if len(found) <= max_points:
                break
    while len(found) > max(max_points, 1):
        found, level = coarsen(found), level + 1
    return _to_curve(found, level, total)


def read_points(
    store: Store, run_id: int, name: str, *, after_step: int = -1
) -> list[tuple[int, float | None, float]]:
    """Read the points of a series behind a step: step, value (None: not finite), wall (unix seconds)."""
    query = (
        select(MetricRow.step, MetricRow.value, MetricRow.wall)
        .join(SeriesRow, SeriesRow.id == MetricRow.series_id)
        .where(SeriesRow.run_id == run_id, SeriesRow.name == name, MetricRow.step > after_step)
        .order_by(MetricRow.step)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    if not all(map(_is_point, rows)):
        raise damaged_row(f"metric {name} of run {run_id}", ["value"])
    return [(step, value, wall) for step, value, wall in rows]


def series_summaries(
    store: Store, run_ids: Iterable[int] | None = None
) -> dict[int, dict[str, SeriesSummary]]:
    """Read the summaries of all series of some runs, or of all runs, without touching a point.

    Returns:
        Run -> name of the metric -> summary; a run without metrics is not there.
    """
    query = select(SeriesRow.run_id.label("of_run"), *SUMMARY_COLUMNS)
    if run_ids is not None:
        query = query.where(SeriesRow.run_id.in_(list(run_ids)))
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    summaries: dict[int, dict[str, SeriesSummary]] = defaultdict(dict)
    for row in rows:
        values = dict(row)
        run_id = values.pop("of_run")
        summary = read_record(SeriesSummary, values)
        summaries[run_id][summary.name] = summary
    return dict(summaries)


def _is_point(row: Sequence[Any]) -> bool:
    step, value, wall = row
    # What is not finite is kept as a gap; an infinite number in the file is damage, and no JSON.
    is_value = value is None or (isinstance(value, float) and math.isfinite(value))
    return isinstance(step, int) and is_value and isinstance(wall, float) and math.isfinite(wall)


def _to_curve(found: Buckets, level: int, total: int) -> Curve:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        means = np.where(found.count > 0, found.total / found.count, np.nan)
    middles = found.first + (found.last - found.first) // 2
    return Curve(middles, means, found.low, found.high, found.wall, level, total)


_NO_INTS = np.zeros(0, dtype=np.int64)
_NO_FLOATS = np.zeros(0, dtype=np.float64)
_NOTHING = Buckets(*[_NO_INTS] * 5, *[_NO_FLOATS] * 4)  # type: ignore[arg-type]
