"""The ten outlines of Shapes: which points lie inside, in a frame where the shape fits into the unit circle."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Inside = NDArray[np.bool_]


def _polygon(x: Plane, y: Plane, corners: int) -> Inside:
    """Regular polygon with a corner at the top."""
    angle = np.arctan2(x, -y)
    step = 2 * np.pi / corners
    within = np.remainder(angle, step) - step / 2
    inside: Inside = np.hypot(x, y) * np.cos(within) <= np.cos(step / 2)
    return inside


def _circle(x: Plane, y: Plane) -> Inside:
    return np.hypot(x, y) <= 0.9


def _ring(x: Plane, y: Plane) -> Inside:
    distance = np.hypot(x, y)
    return (distance <= 1) & (distance >= 0.6)


def _square(x: Plane, y: Plane) -> Inside:
    return np.maximum(np.abs(x), np.abs(y)) <= 0.71


def _triangle(x: Plane, y: Plane) -> Inside:
    return _polygon(x, y, 3)


def _hexagon(x: Plane, y: Plane) -> Inside:
    return _polygon(x, y, 6)


def _star(x: Plane, y: Plane) -> Inside:
    """Five points; between the outer radius 1 and the inner one the edge is straight."""
    inner, half = 0.42, np.pi / 5
    angle = np.abs(np.remainder(np.arctan2(x, -y) + half, 2 * half) - half)
    distance = np.hypot(x, y)
    along, across = distance * np.cos(angle), distance * np.sin(angle)
    end_along, end_across = inner * np.cos(half), inner * np.sin(half)
    inside: Inside = (along - 1) * end_across <= across * (end_along - 1)
    return inside


def _cross(x: Plane, y: Plane) -> Inside:
    arm, length = 0.3, 0.95
    upright = (np.abs(x) <= arm) & (np.abs(y) <= length)
    lying = (np.abs(y) <= arm) & (np.abs(x) <= length)
    return upright | lying


def _heart(x: Plane, y: Plane) -> Inside:
    u, v = 1.25 * x, -1.25 * y + 0.1
    bulge = u * u + v * v - 1
    inside: Inside = bulge * bulge * bulge - u * u * v * v * v <= 0
    return inside


def _crescent(x: Plane, y: Plane) -> Inside:
    inside: Inside = (np.hypot(x, y) <= 1) & (np.hypot(x - 0.5, y) >= 0.8)
    return inside


def _arrow(x: Plane, y: Plane) -> Inside:
    shaft = (np.abs(y) <= 0.22) & (x >= -0.95) & (x <= 0.2)
    head = (x >= 0.05) & (np.abs(y) <= (0.98 - x) * 0.75)
    return shaft | head


OUTLINES: dict[str, Callable[[Plane, Plane], Inside]] = {
    "arrow": _arrow,
    "circle": _circle,
    "crescent": _crescent,
    "cross": _cross,
    "heart": _heart,
    "hexagon": _hexagon,
    "ring": _ring,
    "square": _square,
    "star": _star,
    "triangle": _triangle,
}
