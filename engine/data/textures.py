"""Backgrounds and shading of Shapes."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]


def shading(rng: np.random.Generator, side: int) -> Plane:
    """Light from a random direction, H x W, around 1."""
    return 1 + 0.18 * _slope(rng, side)


def texture(rng: np.random.Generator, side: int, colour: Plane) -> Plane:
    """A ground of one colour with a pattern: plain, stripes, checks or clouds; H x W x 3."""
    pattern = (_plain, _stripes, _checks, _clouds)[rng.integers(4)](rng, side)
    tint = rng.uniform(-0.16, 0.16, 3)
    lit = colour * (1 + 0.15 * _slope(rng, side))[:, :, None]
    result: Plane = lit + pattern[:, :, None] * tint
    return result


def _slope(rng: np.random.Generator, side: int) -> Plane:
    turn = rng.uniform(0, 2 * np.pi)
    right, down = _grid(side)
    slope: Plane = np.cos(turn) * right + np.sin(turn) * down
    return slope


def _plain(_: np.random.Generator, side: int) -> Plane:
    return np.zeros((side, side))


def _stripes(rng: np.random.Generator, side: int) -> Plane:
    waves = rng.uniform(2, 7)
    return np.sin(np.pi * waves * _slope(rng, side) + rng.uniform(0, 2 * np.pi))


def _checks(rng: np.random.Generator, side: int) -> Plane:
    right, down = _grid(side)
    waves = np.pi * rng.uniform(2, 5)
    board: Plane = np.sign(
        np.sin(waves * right + rng.uniform(0, 6)) * np.sin(waves * down + rng.uniform(0, 6))
    )
    return board


def _clouds(rng: np.random.Generator, side: int) -> Plane:
    """Random heights on a coarse net, joined by straight lines."""
    knots = int(rng.integers(3, 8))
    heights = rng.uniform(-1, 1, (knots, knots))
    at = np.linspace(0, knots - 1, side)
    net = np.arange(knots)
    rows = np.stack([np.interp(at, net, row) for row in heights])
    return np.stack([np.interp(at, net, column) for column in rows.T], axis=1)


def _grid(side: int) -> tuple[Plane, Plane]:
    """Coordinates right and down, both -1..1."""
    line = np.linspace(-1, 1, side)
    right, down = np.meshgrid(line, line)
    return right, down
