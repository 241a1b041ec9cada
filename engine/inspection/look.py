"""What every look has in common: a picture to views, pictures back to arrays."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.method import ViewMaker, Views
from engine.nn.normalise import Normalise

Array = NDArray[Any]


@dataclass(frozen=True)
class Look:
    """Arrays to show and what they mean.

    Args:
        arrays: Name -> picture (H, W, C) uint8, a map (H, W) float32, or maps (heads, rows, columns) float32.
        titles: Name -> label.
        info: Numbers and notes that belong to the pictures.
    """

    arrays: dict[str, Array]
    titles: dict[str, str]
    info: dict[str, Any] = field(default_factory=dict)


def batch_of_one(maker: ViewMaker, picture: Tensor, seed: int, normalise: Normalise) -> Views:
    """Make the views of one picture (C, H, W) uint8, normalised, with a batch axis."""
    views = maker(picture, np.random.default_rng(seed))
    batch = {name: view.unsqueeze(0) for name, view in views.items()}
    return {name: normalise(view) if view.dtype == torch.uint8 else view for name, view in batch.items()}


def to_picture(images: Tensor, normalise: Normalise) -> Array:
    """Turn the first of normalised images (B, C, H, W) into (H, W, C) uint8."""
    picture: Array = normalise.undo(images)[0].permute(1, 2, 0).contiguous().numpy()
    return picture
