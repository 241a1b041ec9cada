"""Write metrics: points, the pyramid over them and the summary of each series, in one transaction."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select

from engine.errors import StoreError
from engine.store.bulk import bulk_update, bulk_upsert
from engine.store.connection import Store
from engine.store.pyramid import Buckets, cut, extreme_step, merge_points, nullable, point_buckets, rebuild
from engine.store.tables import Base, MetricRow, SeriesRow

Point = tuple[str, int, float, float]
"""Name of the metric, step, value, wall (unix seconds)."""


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """What a table shows of a series without reading its points.

    Args:
        name: Name of the metric.
        count: Points, those without a finite value too.
        first_step: Smallest step.
        last_step: Largest step.
        last_value: Value at the largest step, None when it was not finite.
        low: Smallest finite value, None without any.
        high: Largest finite value, None without any.
        low_step: First step with the smallest value.
        high_step: First step with the largest value.
    """

    name: str
    count: int
    first_step: int
    last_step: int
    last_value: float | None
    low: float | None
    high: float | None
    low_step: int | None
    high_step: int | None


SUMMARY_COLUMNS = (
    SeriesRow.name,
    SeriesRow.count,
    SeriesRow.first_step,
    SeriesRow.last_step,
    SeriesRow.last_value,
    SeriesRow.low,
    SeriesRow.high,
    SeriesRow.low_step,
    SeriesRow.high_step,
)
_CHANGING = tuple(column.key for column in SUMMARY_COLUMNS if column is not SeriesRow.name)

_update_summaries = bulk_update(Base.metadata.tables["series"], _CHANGING)
_upsert_points = bulk_upsert(
    Base.metadata.tables["metric"], lambda _old, new: {"value": new.value, "wall": new.wall}
)


def write_metrics(store: Store, run_id: int, points: Iterable[Point]) -> None:
    """Write points of a run, in any order. A point at a step that is there already replaces it.

    A value that is not finite is kept as a gap: it counts as a point, but has no part in any sum.

    Args:
        store: The store.
        run_id: Which run.
        points: Name, step, value, wall each.

    Raises:
        StoreError: No such run, a negative step, or the store cannot be written; then nothing was written.
    """
    with store.begin() as connection:
        write_metrics_on(connection, run_id, points)


def write_metrics_on(connection: Connection, run_id: int, points: Iterable[Point]) -> None:
    """Do what ``write_metrics`` does, inside a write transaction that is open already."""
    batch = list(points)
    if not batch:
        return
    names, steps, values, walls = zip(*batch, strict=True)
    if min(steps) < 0:
        raise StoreError(
            f"A metric of run {run_id} has the negative step {min(steps)}.", "Count steps from 0."
        )
    summaries = _series_of(connection, run_id, dict.fromkeys(names))
    keys = {summary["name"]: key for key, summary in summaries.items()}
    series = np.fromiter((keys[name] for name in names), dtype=np.int64, count=len(batch))
    ordered = _in_order(
        series, np.array(steps, np.int64), np.array(values, np.float64), np.array(walls, np.float64)
    )
    spans = _spans(ordered)
    is_new = np.zeros(len(ordered), dtype=bool)
    for key, span in spans.items():
        is_new[span] = ordered.first[span.start] > summaries[key]["last_step"]
    counted = {
        key: _count(connection, key, ordered, span) for key, span in spans.items() if not is_new[span.start]
    }
    _write_points(connection, ordered)
    merge_points(connection, _select(ordered, is_new))
    rows = []
    for key, span in spans.items():
        if key in counted:
            rows.append(_rewritten(connection, summaries[key], ordered, span, counted[key]))
        else:
            rows.append(_extended(summaries[key], ordered, span))
    _write_summaries(connection, rows)


def truncate_metrics(store: Store, run_id: int, after_step: int) -> None:
    """Delete the points of a run above a step, as if they had never been written; a resumed run writes them again.

    Args:
        store: The store.
        run_id: Which run.
        after_step: Last step that is kept; -1 deletes all.
    """
    with store.begin() as connection:
        query = select(SeriesRow.id).where(SeriesRow.run_id == run_id, SeriesRow.last_step > after_step)
        for key in list(connection.execute(query).scalars()):
            _truncate(connection, key, after_step)


def _truncate(connection: Connection, key: int, after_step: int) -> None:
    above = (MetricRow.series_id == key, MetricRow.step > after_step)
    num_deleted = connection.execute(delete(MetricRow).where(*above)).rowcount
    cut(connection, key, after_step)
    summary = _read_summaries(connection, SeriesRow.id == key)[key]
    if num_deleted == summary["count"]:
        connection.execute(delete(SeriesRow).where(SeriesRow.id == key))
        return
    _write_summaries(connection, [_mended(connection, summary, summary["count"] - num_deleted)])


def _series_of(connection: Connection, run_id: int, names: Iterable[str]) -> dict[int, dict[str, Any]]:
    """Read the summaries of all series of a run by key, after adding those that are missing."""
    summaries = _read_summaries(connection, SeriesRow.run_id == run_id)
    known = {summary["name"] for summary in summaries.values()}
    missing = [name for name in names if name not in known]
    if not missing:
        return summaries
    connection.execute(insert(SeriesRow), [{"run_id": run_id, "name": name} for name in missing])
    return _read_summaries(connection, SeriesRow.run_id == run_id)


def _in_order(series: Any, steps: Any, values: Any, walls: Any) -> Buckets:
    """Sort by series and step; of points at the same step the last one written stays."""
    order = np.lexsort((steps, series))
    series, steps, values, walls = series[order], steps[order], values[order], walls[order]
    stays = np.ones(len(steps), dtype=bool)
    stays[:-1] = (steps[1:] != steps[:-1]) | (series[1:] != series[:-1])
    return point_buckets(series[stays], steps[stays], values[stays], walls[stays])


def _spans(points: Buckets) -> dict[int, slice]:
    starts = np.flatnonzero(np.diff(points.series, prepend=-1)).tolist()
    ends = [*starts[1:], len(points)]
    return {int(points.series[start]): slice(start, end) for start, end in zip(starts, ends, strict=True)}


def _select(points: Buckets, mask: Any) -> Buckets:
    columns = (getattr(points, name)[mask] for name in Buckets.__slots__)
    return Buckets(*columns)


def _write_points(connection: Connection, points: Buckets) -> None:
    columns = (points.series.tolist(), points.first.tolist(), nullable(points.low), points.wall.tolist())
    _upsert_points(connection, zip(*columns, strict=True))


def _extended(summary: dict[str, Any], points: Buckets, span: slice) -> dict[str, Any]:
    """Return the summary after points behind its last step."""
    steps, values = points.first[span], points.low[span]
    new = summary | {"count": summary["count"] + len(steps), "last_step": int(steps[-1])}
    new["last_value"] = _finite(float(values[-1]))
    if summary["count"] == 0:
        new["first_step"] = int(steps[0])
    if np.isnan(values).all():
        return new
    lowest, highest = int(np.nanargmin(values)), int(np.nanargmax(values))
    if summary["low"] is None or values[lowest] < summary["low"]:
        new |= {"low": float(values[lowest]), "low_step": int(steps[lowest])}
    if summary["high"] is None or values[highest] > summary["high"]:
        new |= {"high": float(values[highest]), "high_step": int(steps[highest])}
    return new


def _rewritten(
    connection: Connection, summary: dict[str, Any], points: Buckets, span: slice, count_before: int
) -> dict[str, Any]:
    """Build the pyramid again where points were rewritten, and return the summary that follows."""
    steps = points.first[span]
    rebuild(connection, summary["id"], int(steps[0]), int(steps[-1]))
    num_added = _count(connection, summary["id"], points, span) - count_before
    return _mended(connection, summary, summary["count"] + num_added)


def _mended(connection: Connection, summary: dict[str, Any], count: int) -> dict[str, Any]:
    """Read the summary of a series anew; its pyramid must be right already."""
    query = select(MetricRow.step, MetricRow.value).where(MetricRow.series_id == summary["id"])
    last_step, last_value = connection.execute(query.order_by(MetricRow.step.desc()).limit(1)).one()
    first_step, _ = connection.execute(query.order_by(MetricRow.step).limit(1)).one()
    low, low_step = extreme_step(connection, summary["id"], "low")
    high, high_step = extreme_step(connection, summary["id"], "high")
    return summary | {
        "count": count,
        "first_step": first_step,
        "last_step": last_step,
        "last_value": last_value,
        "low": low,
        "low_step": low_step,
        "high": high,
        "high_step": high_step,
    }


def _count(connection: Connection, key: int, points: Buckets, span: slice) -> int:
    first, last = int(points.first[span][0]), int(points.first[span][-1])
    query = select(func.count()).where(MetricRow.series_id == key, MetricRow.step.between(first, last))
    return int(connection.execute(query).scalar_one())


def _read_summaries(connection: Connection, condition: Any) -> dict[int, dict[str, Any]]:
    query = select(SeriesRow.id, *SUMMARY_COLUMNS).where(condition)
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def _write_summaries(connection: Connection, summaries: list[dict[str, Any]]) -> None:
    changed = itemgetter(*_CHANGING, "id")
    _update_summaries(connection, [changed(summary) for summary in summaries])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
