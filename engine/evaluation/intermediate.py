"""Features of several layers, as DINO's linear probe takes them.

Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", appendix F.1 on linear probes; official
files vision_transformer.py (get_intermediate_layers) and eval_linear.py (the concatenation).
"""

import torch
from torch import Tensor

from engine.errors import SettingsError
from engine.nn.vit import ViTEncoder

BLOCKS = 4  # eval_linear.py, --n_last_blocks: 4 for ViT-S, 1 with averaged patches for ViT-B


def intermediate_tokens(encoder: ViTEncoder, images: Tensor, blocks: int = BLOCKS) -> list[Tensor]:
    """Tokens after each of the last blocks, the oldest block first, all through the final norm.

    Args:
        encoder: A transformer.
        images: Normalised pictures (B, C, H, W), H and W multiples of the patch.
        blocks: How many of the last blocks.

    Returns:
        ``blocks`` times (B, 1 + N, D), the class token first.

    Raises:
        SettingsError: If the encoder has not so many blocks.
    """
    network = encoder.vit
    if not 1 <= blocks <= len(network.blocks):
        raise SettingsError(
            f"Features of the last {blocks} blocks cannot be taken from an encoder with {len(network.blocks)}.",
            f"Choose a number from 1 to {len(network.blocks)}.",
        )
    tokens, layers = encoder.embed(images), []
    for block in network.blocks:
        tokens = block(tokens)
        layers.append(tokens)
    return [network.norm(layer) for layer in layers[-blocks:]]


def linear_features(
    encoder: ViTEncoder, images: Tensor, *, blocks: int = BLOCKS, with_patches: bool = False
) -> Tensor:
    """One vector a picture for a linear probe: class tokens of the last blocks, side by side.

    With ``with_patches`` the mean of the patch tokens joins the class token. The official code then interleaves both
    (c0, m0, c1, m1, ...) and works for one block only; heads trained with it need just this order.

    Args:
        encoder: A transformer.
        images: Normalised pictures (B, C, H, W).
        blocks: How many of the last blocks.
        with_patches: Add the mean patch token.

    Returns:
        (B, blocks * D), or (B, 2 * D) with patches.

    Raises:
        SettingsError: If patches are wanted of more than one block, or there are too few blocks.
    """
    if with_patches and blocks != 1:
        raise SettingsError("Averaged patches join the class token of one block only.", "Choose 1 block.")
    tokens = intermediate_tokens(encoder, images, blocks)
    classes = torch.cat([layer[:, 0] for layer in tokens], dim=1)  # (B, blocks * D)
    if not with_patches:
        return classes
    return torch.stack([classes, tokens[-1][:, 1:].mean(dim=1)], dim=-1).flatten(1)
