"""One view of a picture and a random number for each of its patches, from which a mask is made on the device."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.views import RandomResizedCrop, random_flip


@dataclass(frozen=True)
class NoisyView:
    """Crop, resize, mirror; the numbers come from the same generator, so that a run's masks repeat.

    Args:
        crop: Makes the square view.
        flip: Share of the views that are mirrored left to right.
        patches: N.
    """

    crop: RandomResizedCrop
    flip: float
    patches: int

    def __call__(self, picture: Tensor, rng: np.random.Generator) -> dict[str, Tensor]:
        """Make ``image`` (C, size, size) uint8 and ``noise`` (N,) in 0..1 of a picture (C, H, W) uint8."""
        view = random_flip(self.crop(picture, rng), rng, self.flip)
        return {"image": view, "noise": torch.from_numpy(rng.random(self.patches, dtype=np.float32))}
