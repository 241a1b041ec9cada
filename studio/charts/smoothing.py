"""Smoothing a curve without bending its beginning. Pure functions of arrays."""

import numpy as np
from numpy.typing import NDArray

BLOCK = 512
WIDEST_SHARE = 0.1


def smooth(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Exponential moving average, debiased as TensorBoard does, so that it starts at the first value.

    The recursion ``s = weight * s + (1 - weight) * v`` is computed block by block with one matrix product each,
    which is a hundred times faster than a Python loop.

    Args:
        values: (N,) values in order; what is not finite is skipped and stays a gap in the result.
        weight: 0 leaves the curve as it is, 0.99 remembers about a hundred points; below 1.

    Returns:
        (N,) smoothed values, NaN where the value itself is not finite.
    """
    if not 0 <= weight < 1:
        raise ValueError(f"the smoothing weight is 0 or more and below 1, not {weight}")
    smoothed = np.full(len(values), np.nan)
    finite = np.isfinite(values)
    if not finite.any():
        return smoothed
    known = values[finite]
    if weight == 0:
        smoothed[finite] = known
        return smoothed
    averages = _average(known, weight)
    shares = -np.expm1(np.arange(1, len(known) + 1) * np.log(weight))
    smoothed[finite] = averages / shares
    return smoothed


def window_of_slider(position: int, span: float) -> float:
    """Steps that a slider of 0..100 averages over: up to a tenth of the whole series, finer near zero.

    In steps and not in points, so that a zoom, which shows other points, shows the same smoothed curve.

    Args:
        position: 0 is no smoothing.
        span: Steps from the first to the last point of the whole series.
    """
    return WIDEST_SHARE * span * (min(max(position, 0), 100) / 100) ** 2


def weight_of_window(window: float, spacing: float) -> float:
    """Weight with which the average lags ``window`` steps behind when points are ``spacing`` steps apart.

    Args:
        window: Steps averaged over; 0 for no smoothing.
        spacing: Steps between two points, above 0.
    """
    points = window / spacing
    return points / (points + 1.0)


def _average(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """The recursion, starting at 0."""
    size = min(BLOCK, len(values))
    # Row i, column j: how much value j still counts at point i.
    ages = np.arange(size)[:, None] - np.arange(size)[None, :]
    kernel = np.where(ages >= 0, weight ** np.maximum(ages, 0), 0.0) * (1 - weight)
    fading = weight ** np.arange(1, size + 1)
    averages = np.empty(len(values))
    carried = 0.0
    for start in range(0, len(values), size):
        block = values[start : start + size]
        part = kernel[: len(block), : len(block)] @ block + carried * fading[: len(block)]
        averages[start : start + size] = part
        carried = float(part[-1])
    return averages
