"""Two large and some small crops of a picture (SwAV, https://arxiv.org/abs/2006.09882; DINO, main_dino.py)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.views import RandomResizedCrop, random_flip


@dataclass(frozen=True)
class MultiCrop:
    """Makes two global and some local crops of a picture.

    Args:
        global_crop: Where and how large the global ones are.
        local_crop: The same of the local ones.
        num_local: L.
    """

    global_crop: RandomResizedCrop
    local_crop: RandomResizedCrop
    num_local: int

    def __call__(self, picture: Tensor, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return "global" (2, C, S, S) and, unless L is 0, "local" (L, C, s, s), uint8."""
        views = {"global": _crops(self.global_crop, 2, picture, rng)}
        if self.num_local:
            views["local"] = _crops(self.local_crop, self.num_local, picture, rng)
        return views


def _crops(crop: RandomResizedCrop, count: int, picture: Tensor, rng: np.random.Generator) -> Tensor:
    return torch.stack([random_flip(crop(picture, rng), rng) for _ in range(count)])
