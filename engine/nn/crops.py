"""Crops of several sizes through one network: one pass for each size."""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.nn.encoder import Encoder


def crop_features(encoder: Encoder, crops: Sequence[Tensor]) -> Tensor:
    """Features of crops that have one size within a tensor, each tensor in one pass (DINO, official file utils.py).

    Args:
        encoder: The network; a transformer stretches its positions for other sizes than its own.
        crops: Normalised (B, V, C, H, W), any V and H, W.

    Returns:
        (V, B, D), V the crops of all tensors in order; crop-major, as the official rows are.
    """
    batch = crops[0].shape[0]
    features = [encoder.features(crop.transpose(0, 1).flatten(0, 1)) for crop in crops]  # (V_i * B, D) each
    together = torch.cat(features)
    return together.reshape(-1, batch, together.shape[-1])
