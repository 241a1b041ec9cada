"""How much the latents of patches differ between pictures, whatever their place in the picture gives them."""

import torch
from torch import Tensor
from torch.nn import functional as F


@torch.no_grad()
def latent_spread(latents: Tensor, places: Tensor, num_patches: int) -> Tensor:
    """Standard deviation of L2-normalised latents around the mean of their place, times the square root of D.

    Latents that say nothing but where a patch lies are collapsed, and differ all the same; so each place is compared
    with itself. The scale is that of ``feature_spread``: 1 when even, 0 when all pictures are alike.

    Args:
        latents: (B, M, D).
        places: (B, M), index of each latent's patch.
        num_patches: N.

    Returns:
        A scalar.
    """
    rows, at = F.normalize(latents.float().flatten(0, 1), dim=1), places.flatten()  # (B * M, D), (B * M,)
    sums = rows.new_zeros(num_patches, rows.shape[1]).index_add_(0, at, rows)
    counts = torch.bincount(at, minlength=num_patches).clamp(min=1).unsqueeze(1)
    around = rows - (sums / counts)[at]
    spread: Tensor = around.square().mean(dim=0).sqrt().mean() * rows.shape[1] ** 0.5
    return spread
