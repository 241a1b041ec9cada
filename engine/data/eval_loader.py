"""Pictures in order and without chance, for computing features."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Sampler

from engine.data.loader import Batch, OnSkip, run_requests
from engine.data.picture_set import PictureSet
from engine.data.readable import Skipped, picture_tensor
from engine.data.views import EvalView
from engine.errors import DataError


@dataclass(frozen=True)
class EvalBatch:
    """A batch to compute features of.

    Args:
        images: (B, C, image_size, image_size) uint8.
        labels: (B,) int64, -1 where unknown.
        index: (B,) int64, numbers of the pictures.
    """

    images: Tensor
    labels: Tensor
    index: Tensor


class _EvalBatches:
    """Makes one batch in a loader process; pictures that cannot be read are left out."""

    def __init__(self, pictures: PictureSet, view: EvalView, channels: int) -> None:
        self.pictures = pictures
        self.view = view
        self.channels = channels

    def __call__(self, request: tuple[int, list[int]]) -> Batch:
        skipped: Skipped = []
        shown, images = [], []
        for index in request[1]:
            try:
                images.append(self.view(picture_tensor(self.pictures, index, self.channels)))
                shown.append(index)
            except DataError as error:
                skipped.append((index, f"{self.pictures.describe(index)}: {error.message}"))
        side = self.view.image_size
        stacked = (
            torch.stack(images) if images else torch.empty((0, self.channels, side, side), dtype=torch.uint8)
        )
        return {"images": stacked, "index": torch.tensor(shown, dtype=torch.int64), "skipped": skipped}


class _InOrder(Sampler[tuple[int, list[int]]]):
    def __init__(self, indices: NDArray[np.int64], batch_size: int) -> None:
        self.indices = indices
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[tuple[int, list[int]]]:
        for start in range(0, len(self.indices), self.batch_size):
            yield 0, self.indices[start : start + self.batch_size].tolist()

    def __len__(self) -> int:
        return -(-len(self.indices) // self.batch_size)


def make_eval_loader(
    pictures: PictureSet,
    indices: NDArray[np.int64],
    *,
    image_size: int,
    batch_size: int = 256,
    workers: int = 0,
    channels: int = 3,
    on_skip: OnSkip | None = None,
) -> Generator[EvalBatch, None, None]:
    """Yield the pictures in the order of ``indices`` as ``EvalView`` shows them.

    Args:
        pictures: The set.
        indices: Which pictures.
        image_size: Side of the view, pixels.
        batch_size: Pictures in a batch; the last one may be smaller, as may one with unreadable pictures.
        workers: Loader processes; 0 reads in this process.
        channels: 1 or 3.
        on_skip: Told of every picture that could not be read: its number and the reason.
    """
    maker = _EvalBatches(pictures, EvalView(image_size), channels)
    labels = torch.from_numpy(pictures.labels) if pictures.labels is not None else None
    for batch in run_requests(maker, _InOrder(indices, batch_size), workers=workers, on_skip=on_skip):
        index: Tensor = batch["index"]
        if len(index):
            known = labels[index] if labels is not None else torch.full_like(index, -1)
            yield EvalBatch(batch["images"], known, index)
