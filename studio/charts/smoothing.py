"""Smoothing a curve without bending its beginning. Pure functions of arrays."""

import numpy as np
from numpy.typing import NDArray

BLOCK = 512


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


def weight_of_slider(position: int) -> float:
    """Weight that a slider of 0..100 stands for: even steps of how many points are remembered.

    Args:
        position: 0 is no smoothing, 100 remembers about a thousand points.
    """
    return 0.0 if position <= 0 else 1.0 - 10.0 ** (-3.0 * min(position, 100) / 100)


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
