"""Shapes: 2,000 pictures of ten shapes drawn by our own code, with known masks and labels.

Colour, place, size and rotation vary, and so does the background, so that a network must find the form. Each picture
follows from its number alone.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.decode import Picture, to_channels
from engine.data.outlines import OUTLINES
from engine.data.picture_set import PictureSet, SetInfo, digest
from engine.data.textures import shading, texture

NUM_SHAPES = 2000
# To be raised whenever the pictures change: results on other pictures cannot be compared.
DRAWING_VERSION = 1
SHAPE_SIDE = 64
# Each pixel is the mean of 3 x 3 points, so that edges are smooth.
POINTS_PER_PIXEL = 3
# Smallest distance of the colours of shape and ground, as a share of the way from black to white.
LEAST_CONTRAST = 0.35
# Standard deviation of the noise of every pixel, in levels of 255.
GRAIN = np.float32(5)

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class _Pose:
    """Where a shape lies: centre and radius as shares of the side, rotation in radians."""

    x: float
    y: float
    radius: float
    turn: float


class ShapeSet(PictureSet):
    """Pictures of shapes that are drawn when they are read."""

    def __init__(self) -> None:
        classes = tuple(OUTLINES)
        everything = np.arange(NUM_SHAPES, dtype=np.int64)
        labels = everything % len(classes)
        super().__init__(
            SetInfo("Shapes", "builtin:shapes", "builtin", {"train": everything}, classes, labels)
        )
        self._drawn: dict[int, Picture] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_drawn": {}}

    def read(self, index: int, channels: int = 3) -> Picture:
        """Draw the picture, 64 x 64; a second reading takes it from memory (25 MB for all)."""
        if index not in self._drawn:
            self._drawn[index] = _draw(index)
        return to_channels(self._drawn[index], channels)

    def mask(self, index: int) -> NDArray[np.bool_]:
        """H x W, true where the shape covers at least half of the pixel."""
        return _coverage(_kind(index), _pose(_rng(index))) >= 0.5

    def describe(self, index: int) -> str:
        """Name and number."""
        return f"shapes #{index}"

    def fingerprint(self) -> str:
        """Identify the way of drawing; not its pixels, whose last digits depend on the processor."""
        return digest([f"{self.location} {DRAWING_VERSION} {len(self)}"], [])


def _rng(index: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([0x5AFE, index], dtype=np.uint64)))


def _kind(index: int) -> str:
    return tuple(OUTLINES)[index % len(OUTLINES)]


def _pose(rng: np.random.Generator) -> _Pose:
    """Draw a pose that keeps the shape inside the picture; always the first draws of a picture."""
    radius = rng.uniform(0.16, 0.40)
    x, y = rng.uniform(radius, 1 - radius, size=2)
    return _Pose(float(x), float(y), radius, rng.uniform(0, 2 * np.pi))


def _draw(index: int) -> Picture:
    rng = _rng(index)
    covered = _coverage(_kind(index), _pose(rng))[:, :, None]
    ink, ground = _colours(rng)
    shape = ink * shading(rng, SHAPE_SIDE)[:, :, None]
    behind = texture(rng, SHAPE_SIDE, ground)
    noise = rng.standard_normal((SHAPE_SIDE, SHAPE_SIDE, 3), dtype=np.float32)
    values = (behind + covered * (shape - behind)) * 255 + noise * GRAIN
    picture: Picture = np.rint(values.clip(0, 255)).astype(np.uint8)
    return picture


def _coverage(kind: str, pose: _Pose) -> Plane:
    """Share of every pixel that the shape covers, H x W in 0..1; computed only around the shape."""
    columns, rows = _reach(pose.x, pose.radius), _reach(pose.y, pose.radius)
    right = (_points(columns) - pose.x) / pose.radius
    down = (_points(rows)[:, None] - pose.y) / pose.radius
    cos, sin = np.float32(np.cos(pose.turn)), np.float32(np.sin(pose.turn))
    inside = OUTLINES[kind](cos * right + sin * down, cos * down - sin * right)
    blocks = inside.reshape(len(rows), POINTS_PER_PIXEL, len(columns), POINTS_PER_PIXEL)
    coverage = np.zeros((SHAPE_SIDE, SHAPE_SIDE), dtype=np.float32)
    coverage[rows.start : rows.stop, columns.start : columns.stop] = blocks.mean(
        axis=(1, 3), dtype=np.float32
    )
    return coverage


def _reach(centre: float, radius: float) -> range:
    """Pixels along one axis that a shape can touch."""
    low, high = math.floor((centre - radius) * SHAPE_SIDE), math.ceil((centre + radius) * SHAPE_SIDE)
    return range(max(0, low), min(SHAPE_SIDE, high))


def _points(pixels: range) -> Plane:
    """Coordinates of the points inside some pixels, as shares of the side."""
    numbers = np.arange(pixels.start * POINTS_PER_PIXEL, pixels.stop * POINTS_PER_PIXEL, dtype=np.float32)
    return (numbers + np.float32(0.5)) / np.float32(SHAPE_SIDE * POINTS_PER_PIXEL)


def _colours(rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Two colours that can be told apart."""
    while True:
        ink, ground = rng.uniform(0.05, 0.95, (2, 3)).astype(np.float32)
        if np.abs(ink - ground).mean() >= LEAST_CONTRAST:
            return ink, ground
