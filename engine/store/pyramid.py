"""The pyramid over a series: sums of its points that let any curve be drawn from a few thousand rows.

Level n has one bucket for every 8 ** n steps that hold a point; level 0 are the points themselves. Here are the
buckets as arrays, and the two ways they get into the table: merged into what is there (new points) or built
again from the finer level (points that were rewritten or deleted).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, case, delete, func, select

from engine.store.bulk import bulk_upsert
from engine.store.tables import Base, MetricLevelRow, MetricRow

FACTOR = 8
# 8 ** 6 steps per bucket: a run of 600 million steps has 2,300 of them.
LEVELS = range(1, 7)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def _merged(old: Any, new: Any) -> dict[str, ColumnElement[Any]]:
    # CASE, because "the smaller of two" is min() in SQLite and least() in PostgreSQL, and both trip over null.
    return {
        "first_step": case((new.first_step < old.first_step, new.first_step), else_=old.first_step),
        "last_step": case((new.last_step > old.last_step, new.last_step), else_=old.last_step),
        "count": old["count"] + new["count"],
        "low": case((old.low.is_(None) | (new.low < old.low), new.low), else_=old.low),
        "high": case((old.high.is_(None) | (new.high > old.high), new.high), else_=old.high),
        "total": old.total + new.total,
        "wall": case((new.last_step > old.last_step, new.wall), else_=old.wall),
    }


_merge_buckets = bulk_upsert(Base.metadata.tables["metric_level"], _merged)
_POINT_COLUMNS = (MetricRow.series_id, MetricRow.step, MetricRow.value, MetricRow.wall)
_BUCKET_COLUMNS = (
    MetricLevelRow.series_id,
    MetricLevelRow.bucket,
    MetricLevelRow.first_step,
    MetricLevelRow.last_step,
    MetricLevelRow.count,
    MetricLevelRow.low,
    MetricLevelRow.high,
    MetricLevelRow.total,
    MetricLevelRow.wall,
)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Buckets of one level, of any number of series, sorted by series and bucket; all arrays have one length.

    Args:
        series: Key of the series.
        bucket: Step // 8 ** level; at level 0 the step itself.
        first: Smallest step inside.
        last: Largest step inside.
        count: Finite values inside; a point without a finite value makes a bucket but is not counted.
        low: Smallest finite value, NaN without any.
        high: Largest finite value, NaN without any.
        total: Sum of the finite values.
        wall: Unix seconds at the last step.
    """

    series: Ints
    bucket: Ints
    first: Ints
    last: Ints
    count: Ints
    low: Floats
    high: Floats
    total: Floats
    wall: Floats

    def __len__(self) -> int:
        return len(self.bucket)


def point_buckets(series: Ints, steps: Ints, values: Floats, walls: Floats) -> Buckets:
    """Make level 0 of points that are sorted by series and step; values that are not finite become NaN."""
    finite = np.isfinite(values)
    clean = np.where(finite, values, np.nan)
    totals = np.where(finite, values, 0.0)
    return Buckets(series, steps, steps, steps, finite.astype(np.int64), clean, clean, totals, walls)


def nullable(values: Floats) -> list[float | None]:
    """Return the values as a database keeps them: null instead of NaN."""
    plain: list[float | None] = values.tolist()
    for place in np.flatnonzero(np.isnan(values)).tolist():
        plain[place] = None
    return plain


def coarsen(fine: Buckets) -> Buckets:
    """Sum up the buckets of one level into those of the next."""
    if len(fine) == 0:
        return fine
    bucket = fine.bucket // FACTOR
    is_new = np.ones(len(fine), dtype=bool)
    is_new[1:] = (bucket[1:] != bucket[:-1]) | (fine.series[1:] != fine.series[:-1])
    starts = np.flatnonzero(is_new)
    ends = np.append(starts[1:], len(fine)) - 1
    with np.errstate(invalid="ignore", over="ignore"):
        return Buckets(
            series=fine.series[starts],
            bucket=bucket[starts],
            first=fine.first[starts],
            last=fine.last[ends],
            count=np.add.reduceat(fine.count, starts),
            # fmin and fmax pass over NaN, which stands for "no finite value".
            low=np.fmin.reduceat(fine.low, starts),
            high=np.fmax.reduceat(fine.high, starts),
            total=np.add.reduceat(fine.total, starts),
            wall=fine.wall[ends],
        )


def merge_points(connection: Connection, points: Buckets) -> None:
    """Add points to every level; none of them may have been in the table before.

    Args:
        connection: An open write transaction.
        points: Level 0.
    """
    rows: list[tuple[Any, ...]] = []
    layer = points
    for level in LEVELS:
        layer = coarsen(layer)
        rows += _rows(level, layer)
    _merge_buckets(connection, rows)


def rebuild(connection: Connection, series_id: int, first_step: int, last_step: int) -> None:
    """Build every bucket that touches a range of steps again, each level from the one below.

    Args:
        connection: An open write transaction.
        series_id: The series.
        first_step: Smallest step that changed.
        last_step: Largest step that changed.
    """
    for level in LEVELS:
        first, last = first_step // FACTOR**level, last_step // FACTOR**level
        table = MetricLevelRow
        in_range = (table.series_id == series_id, table.level == level, table.bucket.between(first, last))
        connection.execute(delete(table).where(*in_range))
        fine = read_buckets(connection, series_id, level - 1, first * FACTOR, last * FACTOR + FACTOR - 1)
        _merge_buckets(connection, _rows(level, coarsen(fine)))


def cut(connection: Connection, series_id: int, after_step: int) -> None:
    """Take the sums of all steps above one out of every level; the points must be gone already."""
    for level in LEVELS:
        table = MetricLevelRow
        above = (
            table.series_id == series_id,
            table.level == level,
            table.bucket > after_step // FACTOR**level,
        )
        connection.execute(delete(table).where(*above))
    rebuild(connection, series_id, after_step, after_step)


def read_buckets(
    connection: Connection, series_id: int, level: int, first: int, last: int, limit: int | None = None
) -> Buckets:
    """Read buckets of a level in a range of bucket numbers (of steps, at level 0), at most ``limit``."""
    if level == 0:
        return _read_points(connection, series_id, first, last, limit)
    table = MetricLevelRow
    query = (
        select(*_BUCKET_COLUMNS)
        .where(table.series_id == series_id, table.level == level, table.bucket.between(first, last))
        .order_by(table.bucket)
        .limit(limit)
    )
    columns = _columns(connection.execute(query).fetchall(), len(_BUCKET_COLUMNS))
    series, bucket, first_step, last_step, count = map(_ints, columns[:5])
    low, high, total, wall = map(_floats, columns[5:])
    return Buckets(series, bucket, first_step, last_step, count, low, high, total, wall)


def extreme_step(connection: Connection, series_id: int, name: str) -> tuple[float | None, int | None]:
    """Find the smallest (``low``) or largest (``high``) value of a series and the first step that has it.

    Goes down the pyramid, so that a long series is never read through.
    """
    table = MetricLevelRow
    column = table.low if name == "low" else table.high
    choose = func.min if name == "low" else func.max
    top = LEVELS[-1]
    here = (table.series_id == series_id, table.level == top)
    extreme: float | None = connection.execute(select(choose(column)).where(*here)).scalar_one()
    if extreme is None:
        return None, None
    query = select(func.min(table.bucket)).where(*here, column == extreme)
    bucket: int = connection.execute(query).scalar_one()
    for level in range(top - 1, -1, -1):
        fine = read_buckets(connection, series_id, level, bucket * FACTOR, bucket * FACTOR + FACTOR - 1)
        values = fine.low if name == "low" else fine.high
        bucket = int(fine.bucket[np.flatnonzero(values == extreme)[0]])
    return extreme, bucket


def _read_points(connection: Connection, series_id: int, first: int, last: int, limit: int | None) -> Buckets:
    query = (
        select(*_POINT_COLUMNS)
        .where(MetricRow.series_id == series_id, MetricRow.step.between(first, last))
        .order_by(MetricRow.step)
        .limit(limit)
    )
    series, steps, values, walls = _columns(connection.execute(query).fetchall(), len(_POINT_COLUMNS))
    return point_buckets(_ints(series), _ints(steps), _floats(values), _floats(walls))


def _rows(level: int, layer: Buckets) -> Iterator[tuple[Any, ...]]:
    """Yield rows in the order of the table's columns."""
    return zip(
        layer.series.tolist(),
        repeat(level, len(layer)),
        layer.bucket.tolist(),
        layer.first.tolist(),
        layer.last.tolist(),
        layer.count.tolist(),
        nullable(layer.low),
        nullable(layer.high),
        layer.total.tolist(),
        layer.wall.tolist(),
        strict=True,
    )


def _columns(rows: Any, number: int) -> list[Any]:
    return list(zip(*rows, strict=True)) if rows else [()] * number


def _ints(column: Any) -> Ints:
    return np.array(column, dtype=np.int64)


def _floats(column: Any) -> Floats:
    # numpy turns None into NaN here.
    return np.array(column, dtype=np.float64)
