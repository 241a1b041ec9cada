"""Resizing with Lanczos's filter, which torch does not have: the tokenizers of CAE and BEiT were trained on it."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

LOBES = 3


@lru_cache(256)  # crops come in many sizes; a table has a few thousand numbers
def lanczos_weights(length: int, wanted: int) -> Tensor:
    """Weights (wanted, length) of the samples along one axis, wider where the picture shrinks, as in Pillow."""
    factor = length / wanted
    spread = max(factor, 1.0)
    centres = (np.arange(wanted) + 0.5) * factor
    distances = (np.arange(length) + 0.5 - centres[:, None]) / spread
    weights = np.where(np.abs(distances) < LOBES, np.sinc(distances) * np.sinc(distances / LOBES), 0.0)
    return torch.from_numpy((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))


def lanczos_resize(picture: Tensor, height: int, width: int) -> Tensor:
    """Resize (C, H, W) uint8 with a Lanczos filter of three lobes (Pillow's, within 2 levels).

    Between the two axes values are cut to 0..255, as Pillow does: the filter overshoots at edges.
    """
    if picture.shape[1:] == (height, width):
        return picture
    rows, columns = lanczos_weights(picture.shape[1], height), lanczos_weights(picture.shape[2], width)
    wide = (picture.float() @ columns.T).round().clamp(0, 255)  # (C, H, width)
    return (rows @ wide).round().clamp(0, 255).to(torch.uint8)
