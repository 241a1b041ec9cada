"""Shapes: 2,000 pictures of ten shapes drawn by our own code, with known masks and labels.

Colour, place, size and rotation vary, and so does the background, so that a network must find the form. Each picture
follows from its number alone.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.decode import Picture
from engine.data.outlines import OUTLINES
from engine.data.picture_set import PictureSet, SetInfo, digest
from engine.data.textures import shading, texture

NUM_SHAPES = 2000
SHAPE_SIDE = 64
# Each pixel is the mean of 3 x 3 points, so that edges are smooth.
POINTS_PER_PIXEL = 3
# Smallest distance of the colours of shape and ground, as a share of the way from black to white.
LEAST_CONTRAST = 0.35

Plane = NDArray[np.float64]


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
        picture = self._drawn[index]
        return picture if channels == 3 else _grey(picture)

    def mask(self, index: int) -> NDArray[np.bool_]:
        """H x W, true where the shape covers at least half of the pixel."""
        return _coverage(_kind(index), _pose(_rng(index))) >= 0.5

    def describe(self, index: int) -> str:
        """Name and number."""
        return f"shapes #{index}"

    def fingerprint(self) -> str:
        """Identify the way of drawing by some of its pictures."""
        some = range(0, NUM_SHAPES, NUM_SHAPES // 20 + 1)
        return digest([self.location], [self.read(index).tobytes() for index in some])


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
    noise = rng.normal(0, 0.02, (SHAPE_SIDE, SHAPE_SIDE, 3))
    values = covered * shape + (1 - covered) * behind + noise
    picture: Picture = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
    return picture


def _coverage(kind: str, pose: _Pose) -> Plane:
    """Share of every pixel that the shape covers, H x W in 0..1."""
    points = (np.arange(SHAPE_SIDE * POINTS_PER_PIXEL) + 0.5) / (SHAPE_SIDE * POINTS_PER_PIXEL)
    right, down = np.meshgrid((points - pose.x) / pose.radius, (points - pose.y) / pose.radius)
    cos, sin = np.cos(pose.turn), np.sin(pose.turn)
    inside = OUTLINES[kind](cos * right + sin * down, cos * down - sin * right)
    blocks = inside.reshape(SHAPE_SIDE, POINTS_PER_PIXEL, SHAPE_SIDE, POINTS_PER_PIXEL)
    coverage: Plane = blocks.mean(axis=(1, 3))
    return coverage


def _colours(rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Two colours that can be told apart."""
    while True:
        ink, ground = rng.uniform(0.05, 0.95, (2, 3))
        if np.abs(ink - ground).mean() >= LEAST_CONTRAST:
            return ink, ground


def _grey(picture: Picture) -> Picture:
    weights = np.array([0.299, 0.587, 0.114])
    grey: Picture = np.rint(picture @ weights).astype(np.uint8)[:, :, None]
    return grey
