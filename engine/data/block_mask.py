"""Which patches are hidden: blocks of them as in BEiT and CAE, or scattered ones."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

TRIES_OF_A_BLOCK = 10  # BEiT, official file masking_generator.py
MOST_FRUITLESS_BLOCKS = 1000  # ours: on a grid that no block fits, the rest is scattered instead of never


class Draws(Protocol):
    """What block masks ask of a random generator; numpy's Generator has it."""

    def random(self) -> float:
        """A number in 0..1."""

    def integers(self, low: int, high: int) -> int:
        """A whole number, ``high`` excluded."""


class Shuffles(Protocol):
    """What scattered masks ask of a random generator; numpy's Generator has it."""

    def shuffle(self, x: NDArray[np.bool_]) -> None:
        """Put the entries in a random order, in place."""


@dataclass(frozen=True)
class BlockShape:
    """What blocks may look like.

    Args:
        smallest: Least area of an early block, patches; a late one may be smaller.
        largest: Largest area of a block, patches; None leaves it open.
        aspect: Smallest height / width; the largest is its inverse.
    """

    smallest: int = 16
    largest: int | None = None
    aspect: float = 0.3

    def draw(self, left: int, rng: Draws) -> tuple[int, int]:
        """Height and width of a block while ``left`` patches are still to hide."""
        most = left if self.largest is None else min(left, self.largest)
        area = self.smallest + (most - self.smallest) * rng.random()
        limit = math.log(self.aspect)
        ratio = math.exp(limit - 2 * limit * rng.random())
        return round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))


DEFAULT_SHAPE = BlockShape()


def block_mask(
    rows: int, columns: int, count: int, rng: Draws, shape: BlockShape = DEFAULT_SHAPE
) -> NDArray[np.bool_]:
    """Hide rectangles until exactly ``count`` patches are hidden.

    Follows CAE, official file furnace/masking_generator.py, after BEiT (paper, algorithm 1): areas uniform between
    the smallest and what is left to hide, aspect ratios log-uniform, sides shorter than the grid's. Equal counts are
    what lets a batch be one tensor.

    Args:
        rows: Rows of the grid.
        columns: Columns of the grid.
        count: M, patches to hide, fewer than all.
        rng: Source of the draws.
        shape: What blocks may look like.

    Returns:
        (rows, columns), True where hidden.
    """
    hidden = np.zeros((rows, columns), dtype=np.bool_)
    left, fruitless = count, 0
    while left and fruitless < MOST_FRUITLESS_BLOCKS:
        added = _hide_block(hidden, left, rng, shape)
        left -= added
        fruitless = 0 if added else fruitless + 1
    if left:
        _scatter(hidden, left, rng)
    return hidden


def _hide_block(hidden: NDArray[np.bool_], left: int, rng: Draws, shape: BlockShape) -> int:
    """Hide one block that adds something and not too much; returns how many patches it added."""
    rows, columns = hidden.shape
    most = left if shape.largest is None else min(left, shape.largest)
    for _ in range(TRIES_OF_A_BLOCK):
        height, width = shape.draw(left, rng)
        if height >= rows or width >= columns:
            continue
        top, start = int(rng.integers(0, rows - height + 1)), int(rng.integers(0, columns - width + 1))
        block = hidden[top : top + height, start : start + width]
        added = int(height * width - block.sum())
        if 0 < added <= most:
            block[:] = True
            return added
    return 0


def _scatter(hidden: NDArray[np.bool_], count: int, rng: Draws) -> None:
    """Hide ``count`` more patches, one by one."""
    flat = hidden.reshape(-1)
    for _ in range(count):
        free = np.flatnonzero(~flat)
        flat[free[int(rng.integers(0, len(free)))]] = True


def scattered_mask(rows: int, columns: int, count: int, rng: Shuffles) -> NDArray[np.bool_]:
    """Hide ``count`` patches of a grid, each choice as likely as another; (rows, columns), True where hidden."""
    hidden = np.arange(rows * columns) >= rows * columns - count
    rng.shuffle(hidden)
    return hidden.reshape(rows, columns)
