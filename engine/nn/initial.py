"""How fresh weights start."""

from torch import nn


def xavier_init(module: nn.Module) -> None:
    """Linear layers Xavier-uniform with zero bias, LayerNorms at one and zero.

    Source: MAE, official file models_mae.py (after the original JAX ViT); used with ``Module.apply``.
    """
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.LayerNorm):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)


def xavier_patch_projection(projection: nn.Conv2d) -> None:
    """Start a patch embedding's convolution as the linear layer it is (MAE, official file models_mae.py)."""
    nn.init.xavier_uniform_(projection.weight.data.view(projection.weight.shape[0], -1))
    if projection.bias is not None:
        nn.init.zeros_(projection.bias)
