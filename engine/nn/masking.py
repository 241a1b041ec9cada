"""Which patches stay visible, and pictures as rows of patches and back."""

from typing import NamedTuple

import torch
from torch import Tensor

from engine.errors import SettingsError


class PatchMask(NamedTuple):
    """A mask of a batch.

    ``kept`` (B, K) and ``masked`` (B, M) are patch indices in the order of the noise, ``restore`` (B, N) brings the
    row [kept | masked] back into picture order, ``hidden`` (B, N) is 1 where a patch is masked and 0 where it is kept.
    """

    kept: Tensor
    masked: Tensor
    restore: Tensor
    hidden: Tensor


def num_kept(num_patches: int, mask_ratio: float) -> int:
    """K = int(N * (1 - ratio)), truncated as MAE's official code does.

    Raises:
        SettingsError: If no patch would stay visible.
    """
    kept = int(num_patches * (1 - mask_ratio))
    if kept < 1:
        raise SettingsError(
            f"A mask ratio of {mask_ratio:g} leaves none of {num_patches} patches visible.",
            "Lower the mask ratio or make the patches smaller.",
            field="settings.mask_ratio",
        )
    return kept


def random_mask(noise: Tensor, mask_ratio: float) -> PatchMask:
    """Keep the patches with the smallest noise, for each picture on its own.

    Follows MAE, sec. 3 "Masking": uniform without replacement.

    Args:
        noise: (B, N) uniform numbers, one per patch.
        mask_ratio: Share of patches hidden, 0 <= ratio < 1.

    Raises:
        SettingsError: If no patch would stay visible.
    """
    kept = num_kept(noise.shape[1], mask_ratio)
    shuffle = noise.argsort(dim=1, stable=True)
    restore = shuffle.argsort(dim=1)
    hidden = (restore >= kept).to(noise.dtype)
    return PatchMask(shuffle[:, :kept], shuffle[:, kept:], restore, hidden)


def patchify(images: Tensor, patch_size: int) -> Tensor:
    """Cut (B, C, H, W) into (B, N, P*P*C); inside a patch the order is row, column, channel (channel fastest)."""
    batch, channels, height, width = images.shape
    side = patch_size
    cells = images.reshape(batch, channels, height // side, side, width // side, side)
    cells = cells.permute(0, 2, 4, 3, 5, 1)  # (B, rows, columns, P, P, C)
    return cells.reshape(batch, -1, side * side * channels)


def unpatchify(patches: Tensor, patch_size: int, rows: int, columns: int) -> Tensor:
    """Lay (B, N, P*P*C) out as pictures (B, C, H, W); the inverse of ``patchify``."""
    batch, _, length = patches.shape
    side, channels = patch_size, length // patch_size**2
    cells = patches.reshape(batch, rows, columns, side, side, channels).permute(0, 5, 1, 3, 2, 4)
    return cells.reshape(batch, channels, rows * side, columns * side)


def paint_hidden(images: Tensor, hidden: Tensor, patch_size: int, value: float = 0.0) -> Tensor:
    """Copy of the pictures (B, C, H, W) with the patches where ``hidden`` (B, N) is 1 painted flat."""
    patches = patchify(images, patch_size)
    painted = torch.where(hidden.unsqueeze(-1).bool(), torch.full_like(patches, value), patches)
    return unpatchify(painted, patch_size, images.shape[2] // patch_size, images.shape[3] // patch_size)
