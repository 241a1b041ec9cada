"""Which picture comes when, and with which random numbers: pure functions of seed, epoch and picture.

Nothing depends on the number of loader processes or on where a run was interrupted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError

Indices = NDArray[np.int64]

# Draws of an epoch's order and draws of a picture's views must never come from the same stream.
_ORDER_STREAM = 1 << 63


def picture_rng(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Generator for the views of one picture in one epoch.

    Philox is keyed directly: streams of different keys are independent by design, and it starts in microseconds.
    """
    key = np.array([seed, (epoch << 32) | index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def epoch_order(indices: Indices, seed: int, epoch: int) -> Indices:
    """Shuffle picture numbers for one epoch."""
    key = np.array([seed | _ORDER_STREAM, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).permutation(indices)


def batches_per_epoch(num_pictures: int, batch_size: int) -> int:
    """Number of full batches in one epoch; the pictures left over wait for another epoch's order.

    Raises:
        DataError: If not even one batch can be filled.
    """
    if batch_size > num_pictures:
        raise DataError(
            f"The batch of {batch_size} is larger than the data set of {num_pictures} pictures.",
            f"Choose a batch size of {num_pictures} or less.",
        )
    return num_pictures // batch_size


@dataclass(frozen=True)
class Share:
    """Which part of every batch a process makes.

    Args:
        process: Its number, 0..processes-1.
        processes: How many there are; they divide the batch.
    """

    process: int = 0
    processes: int = 1

    def of(self, batch: Indices) -> Indices:
        """This process's rows of a batch; those of all processes in order are the batch."""
        rows = len(batch) // self.processes
        return batch[self.process * rows : (self.process + 1) * rows]


WHOLE = Share()


def batch_plan(
    indices: Indices, *, batch_size: int, seed: int, first: int, last: int, share: Share = WHOLE
) -> Iterator[tuple[int, list[int]]]:
    """Yield (epoch, picture numbers) of a process's share of the batches first, first + 1, ... last - 1 of a run."""
    per_epoch = batches_per_epoch(len(indices), batch_size)
    epoch, order = -1, indices
    for number in range(first, last):
        if number // per_epoch != epoch:
            epoch = number // per_epoch
            order = epoch_order(indices, seed, epoch)
        start = (number % per_epoch) * batch_size
        yield epoch, share.of(order[start : start + batch_size]).tolist()
