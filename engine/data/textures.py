"""Backgrounds and shading of Shapes."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def shading(rng: np.random.Generator, side: int) -> Plane:
    """Light from a random direction, H x W, around 1."""
    return 1 + 0.18 * _slope(rng, side)


def texture(rng: np.random.Generator, side: int, colour: Plane) -> Plane:
    """A ground of one colour with a pattern: plain, stripes, checks or clouds; H x W x 3."""
    pattern = (_plain, _stripes, _checks, _clouds)[rng.integers(4)](rng, side)
    tint = rng.uniform(-0.16, 0.16, 3).astype(np.float32)
    lit = colour * (1 + 0.15 * _slope(rng, side))[:, :, None]
    result: Plane = lit + pattern[:, :, None] * tint
    return result


def _slope(rng: np.random.Generator, side: int) -> Plane:
    turn = rng.uniform(0, 2 * np.pi)
    right, down = _grid(side)
    slope: Plane = np.float32(np.cos(turn)) * right + np.float32(np.sin(turn)) * down
    return slope


def _plain(_: np.random.Generator, side: int) -> Plane:
    return np.zeros((side, side), dtype=np.float32)


def _stripes(rng: np.random.Generator, side: int) -> Plane:
    waves, shift = _floats(rng, (2, 7), (0, 2 * np.pi))
    stripes: Plane = np.sin(np.float32(np.pi) * waves * _slope(rng, side) + shift)
    return stripes


def _checks(rng: np.random.Generator, side: int) -> Plane:
    right, down = _grid(side)
    waves, across, along = _floats(rng, (6, 16), (0, 6), (0, 6))
    board: Plane = np.sign(np.sin(waves * right + across) * np.sin(waves * down + along))
    return board


def _clouds(rng: np.random.Generator, side: int) -> Plane:
    """Random heights on a coarse net, joined by straight lines."""
    knots = int(rng.integers(3, 8))
    heights = rng.uniform(-1, 1, (knots, knots)).astype(np.float32)
    distance = np.abs(np.linspace(0, knots - 1, side)[:, None] - np.arange(knots))
    weights = np.maximum(0, 1 - distance).astype(np.float32)
    clouds: Plane = weights @ heights @ weights.T
    return clouds


def _floats(rng: np.random.Generator, *bounds: tuple[float, float]) -> Plane:
    low, high = np.array(bounds).T
    drawn: Plane = rng.uniform(low, high).astype(np.float32)
    return drawn


def _grid(side: int) -> tuple[Plane, Plane]:
    """Coordinates right (1 x W) and down (H x 1), both -1..1."""
    line = np.linspace(-1, 1, side, dtype=np.float32)
    return line[None, :], line[:, None]
