"""Where a transformer looks: the last block's attention of the class token to the patches, one map per head.

Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", fig. 1 and 3; official file
visualize_attention.py. Heads are shown as they are, none is picked.
"""

import torch
from torch import Tensor

from engine.data.views import resize
from engine.errors import SettingsError
from engine.inspection.look import Look, to_picture
from engine.nn.encoder import Encoder
from engine.nn.normalise import Normalise
from engine.nn.vit import ViTEncoder

# Memory and time of a look must stay small beside a run: 128 x 128 patches, more than 480 px at a patch of 4.
MOST_PATCHES = 16_384
NOTE = (
    "Weights of the last block, from the class token to the patches. "
    "A transformer trained briefly on few pictures shows little structure."
)
BY_PATCHES = " This method's features are read from the patches: the class token's map is a by-product."


def last_attention(encoder: ViTEncoder, images: Tensor, queries: slice = slice(None)) -> Tensor:
    """Attention weights of the last block, softmax(q k^T * scale).

    Args:
        encoder: A transformer.
        images: Normalised pictures (B, C, H, W), H and W multiples of the patch.
        queries: Which tokens ask, the class token being 0; all of them cost (1 + N)^2 numbers a head.

    Returns:
        (B, heads, Q, 1 + N); each row sums to 1.
    """
    *earlier, last = encoder.vit.blocks
    tokens = encoder.embed(images)
    for block in earlier:
        tokens = block(tokens)
    attention, tokens = last.attn, last.norm1(tokens)
    rows = attention.qkv(tokens).unflatten(
        -1, (3, attention.num_heads, -1)
    )  # (B, 1 + N, 3, heads, D / heads)
    query, key = rows[:, queries, 0].transpose(1, 2), rows[:, :, 1].transpose(1, 2)
    query, key = attention.q_norm(query), attention.k_norm(key)
    weights: Tensor = (query @ key.transpose(-2, -1) * attention.scale).float().softmax(dim=-1)
    return weights


def class_attention(encoder: ViTEncoder, images: Tensor) -> Tensor:
    """Attention of the class token to the patches of normalised pictures (B, C, H, W).

    Returns:
        (B, heads, rows, columns); the sum of a map is 1 less what the class token keeps for itself.
    """
    side = encoder.patch_size
    weights = last_attention(encoder, images, slice(0, 1))[:, :, 0, 1:]  # (B, heads, N)
    return weights.reshape(*weights.shape[:2], images.shape[-2] // side, images.shape[-1] // side)


def attention_view(picture: Tensor, size: int, patch_size: int) -> Tensor:
    """Resize a picture to a shorter side, keep its proportions, and crop it to whole patches.

    Official file visualize_attention.py resizes to 480 and crops, at the right and at the bottom; it squeezes
    pictures to a square unless it is given one number, we never squeeze.

    Args:
        picture: (C, H, W) uint8.
        size: Shorter side in pixels, at least one patch.
        patch_size: P.

    Returns:
        (C, rows * P, columns * P) uint8.

    Raises:
        SettingsError: If that is less than a patch or too many of them.
    """
    if size < patch_size:
        raise SettingsError(
            f"A picture of {size} px holds no patch of {patch_size} px.",
            "Choose a larger size.",
            field="size",
        )
    factor = size / min(picture.shape[1:])
    height, width = (max(round(length * factor), size) for length in picture.shape[1:])
    rows, columns = height // patch_size, width // patch_size
    if rows * columns > MOST_PATCHES:
        raise SettingsError(
            f"At {size} px this picture has {rows * columns:,} patches, more than {MOST_PATCHES:,}.",
            "Choose a smaller size or a picture that is less long.",
            field="size",
        )
    return resize(picture, height, width)[:, : rows * patch_size, : columns * patch_size].contiguous()


@torch.no_grad()
def attend(encoder: Encoder, picture: Tensor, size: int, *, sizes: Normalise) -> Look:
    """Show where an encoder looks in a picture.

    Args:
        encoder: The trained network that evaluation judges, in evaluation mode on the CPU.
        picture: (C, H, W) uint8 of any size.
        size: Shorter side to look at, in pixels; more than the run was trained with gives finer maps.
        sizes: From pictures to what the network sees and back.

    Returns:
        ``picture`` (H, W, C) uint8 and ``attention`` (heads, rows, columns) float32.

    Raises:
        SettingsError: If the encoder is no transformer, or the size does not fit.
    """
    if not isinstance(encoder, ViTEncoder):
        raise SettingsError(
            "This run's encoder is a convolutional network: it has no attention to show.",
            "Choose a run with a vision transformer.",
            field="encoder.name",
        )
    images = sizes(attention_view(picture, size, encoder.patch_size).unsqueeze(0))
    maps = class_attention(encoder, images)[0]
    arrays = {"picture": to_picture(images, sizes), "attention": maps.numpy()}
    heads, rows, columns = maps.shape
    info = {"heads": heads, "grid": [rows, columns], "patch": encoder.patch_size, "size": size}
    info["note"] = NOTE + (BY_PATCHES if encoder.pooling == "mean" else "")
    return Look(arrays, {"picture": "Picture", "attention": "Attention"}, info)
