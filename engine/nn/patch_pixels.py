"""The pixels of a patch as what a network is to predict, plain or relative to the patch's own mean and spread."""

from torch import Tensor

from engine.nn.masking import patchify

PATCH_VARIANCE_EPS = 1e-6  # MAE, official file models_mae.py, forward_loss


def patch_mean_and_spread(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (B, N, 1) of each patch (B, N, P*P*C); the variance is the unbiased one."""
    mean = patches.mean(dim=-1, keepdim=True)
    return mean, (patches.var(dim=-1, keepdim=True) + PATCH_VARIANCE_EPS).sqrt()


def normalised_patches(images: Tensor, patch_size: int) -> Tensor:
    """Patches (B, N, P*P*C) of normalised images, each relative to its own mean and spread (MAE, sec. 3), in fp32."""
    patches = patchify(images.float(), patch_size)
    mean, spread = patch_mean_and_spread(patches)
    return (patches - mean) / spread


def patch_losses(prediction: Tensor, images: Tensor, patch_size: int, *, normalise: bool) -> Tensor:
    """Mean squared error of every patch.

    Args:
        prediction: (B, N, P*P*C).
        images: (B, C, H, W), normalised, fp32: a flat patch has no variance, and half precision would lose it.
        patch_size: P.
        normalise: True when the prediction is relative to each patch's mean and spread.

    Returns:
        (B, N) in fp32.
    """
    target = normalised_patches(images, patch_size) if normalise else patchify(images.float(), patch_size)
    return (prediction.float() - target).square().mean(dim=-1)
