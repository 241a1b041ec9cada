"""A series as a chart draws it: where its points come from, and the lines they become. Pure but for the source."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from studio.charts.smoothing import smooth, weight_of_window

Floats = NDArray[np.float64]


class Points(Protocol):
    """What a source returns: ``engine.store.Curve`` has this shape."""

    @property
    def steps(self) -> NDArray[np.int64]: ...  # noqa: D102
    @property
    def values(self) -> Floats: ...  # noqa: D102
    @property
    def low(self) -> Floats: ...  # noqa: D102
    @property
    def high(self) -> Floats: ...  # noqa: D102
    @property
    def level(self) -> int: ...  # noqa: D102
    @property
    def total(self) -> int: ...  # noqa: D102


Read = Callable[[int | None, int | None, int], Points]
"""``read(first, last, max_points)``: points between two steps, None for no bound, at the finest level that fits."""


@dataclass(frozen=True)
class SeriesSource:
    """One series of a chart.

    Args:
        key: Name of the metric; unique within the chart.
        title: What the legend calls it.
        read: Reads its points.
        color: Asked at every change of theme.
        scale: Factor from stored to shown values, 100 for percent.
        smooths: Whether smoothing means anything: not for what is set and not measured, nor for a few judgements.
    """

    key: str
    title: str
    read: Read
    color: Callable[[], QColor]
    scale: float = 1.0
    smooths: bool = True


@dataclass(frozen=True)
class ShownPoints:
    """Points as they are shown: in the unit of the chart, for a table and for the clipboard.

    Args:
        steps: (N,) step of each point.
        values: (N,) value in the chart's unit.
        low: (N,) lowest value that the point sums up.
        high: (N,) highest value that the point sums up.
        level: 0 when every point of the range is here.
        total: Points of the whole series.
    """

    steps: NDArray[np.int64]
    values: Floats
    low: Floats
    high: Floats
    level: int
    total: int


def in_unit_of_chart(points: Points, scale: float) -> Points:
    """The same points times ``scale``, rounded to the 12 digits that multiplying leaves true."""
    if scale == 1.0:
        return points
    shown = [
        np.array([float(f"{value * scale:.12g}") for value in column])
        for column in (points.values, points.low, points.high)
    ]
    return ShownPoints(points.steps, shown[0], shown[1], shown[2], points.level, points.total)


@dataclass(frozen=True)
class Lines:
    """What is drawn of one series.

    Args:
        steps: (N,) step of each point.
        values: (N,) shown value of each point, a mean where a point sums up several.
        smoothed: (N,) debiased moving average; equal to ``values`` without smoothing.
        raw_steps: (M,) corners of the raw line.
        raw_values: (M,) a point for each value, or its lowest and highest where it sums up several.
        level: 0 when every point of the range is here.
        total: Points of the whole series.
    """

    steps: Floats
    values: Floats
    smoothed: Floats
    raw_steps: Floats
    raw_values: Floats
    level: int
    total: int

    def nearest(self, step: float) -> int | None:
        """Index of the point nearest to a step; None when there is no point."""
        if not len(self.steps):
            return None
        right = int(np.searchsorted(self.steps, step))
        candidates = [index for index in (right - 1, right) if 0 <= index < len(self.steps)]
        return min(candidates, key=lambda index: abs(self.steps[index] - step))


def make_lines(points: Points, *, scale: float, window: float = 0.0, first: int | None = None) -> Lines:
    """Turn points into what is drawn.

    Args:
        points: N points, sorted by step.
        scale: Factor from stored to shown values.
        window: Steps that smoothing averages over, 0 for none.
        first: What lies before this step only leads the smoothing in and is not drawn.
    """
    steps = points.steps.astype(np.float64)
    values = points.values * scale
    spacing = float(steps[-1] - steps[0]) / (len(steps) - 1) if len(steps) > 1 else 1.0
    smoothed = smooth(values, weight_of_window(window, max(spacing, 1e-9)))
    start = 0 if first is None else int(np.searchsorted(steps, first))
    steps, values, smoothed = steps[start:], values[start:], smoothed[start:]
    raw_steps, raw_values = steps, values
    if points.level:
        # A vertical stroke from the lowest to the highest value: no spike is lost by summing up.
        raw_steps = np.repeat(steps, 2)
        raw_values = np.column_stack((points.low[start:], points.high[start:])).ravel() * scale
    return Lines(steps, values, smoothed, raw_steps, raw_values, points.level, points.total)


def for_axis(values: Floats, is_log: bool) -> Floats:
    """Coordinates on an axis: log10 on a logarithmic one, a gap for what has no logarithm."""
    if not is_log:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def extent(arrays: list[Floats], trim: float = 0.0) -> tuple[float, float] | None:
    """Smallest and largest finite value of several arrays; None without one.

    Args:
        arrays: Any number of arrays.
        trim: Share of the values left out at either end, so that single spikes do not flatten the rest.
    """
    finite = [array[np.isfinite(array)] for array in arrays]
    bounds = [_trimmed(array, trim) for array in finite if len(array)]
    if not bounds:
        return None
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def _trimmed(values: Floats, trim: float) -> tuple[float, float]:
    """The bounds without a share of the values at either end; ``np.quantile`` would load 70 ms of numpy first."""
    last = len(values) - 1
    low, high = math.floor(trim * last), math.ceil((1 - trim) * last)
    ordered = np.partition(values, (low, high))
    return float(ordered[low]), float(ordered[high])
