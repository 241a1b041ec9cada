"""The encoder: the network that is kept after training, a timm vision transformer behind a small surface.

Source of the sizes: ViT paper table 1 (B, L, H), DeiT paper table 1 (Ti, S); nano is ours, for trying things on a CPU.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from engine.errors import SettingsError
from engine.recipe import EncoderSettings

LAYER_NORM_EPS = 1e-6  # official MAE, DINO and CAE; timm's transformer default too


@dataclass(frozen=True)
class EncoderSize:
    """The dimensions of a vision transformer.

    Args:
        title: Label, such as "ViT-S".
        width: D, length of a token.
        depth: Number of blocks.
        heads: Attention heads of a block.
        params_m: Millions of weights without the patch embedding's dependence on the patch side.
    """

    title: str
    width: int
    depth: int
    heads: int
    params_m: float


ENCODERS: Mapping[str, EncoderSize] = {
    "vit_nano": EncoderSize("ViT-nano", 96, 4, 3, 0.5),
    "vit_tiny": EncoderSize("ViT-Ti", 192, 12, 3, 5.5),
    "vit_small": EncoderSize("ViT-S", 384, 12, 6, 21.6),
    "vit_base": EncoderSize("ViT-B", 768, 12, 12, 85.8),
    "vit_large": EncoderSize("ViT-L", 1024, 24, 16, 303.3),
    "vit_huge": EncoderSize("ViT-H", 1280, 32, 16, 630.8),
}


class Encoder(nn.Module):
    """A vision transformer that gives tokens, tokens of kept patches, or one feature vector a picture."""

    def __init__(self, network: VisionTransformer) -> None:
        super().__init__()
        self.network = network

    @property
    def width(self) -> int:
        """D, length of a token."""
        return int(self.network.embed_dim)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        rows, columns = self.network.patch_embed.grid_size
        return int(rows), int(columns)

    @property
    def patch_size(self) -> int:
        """P, side of a patch in pixels."""
        return int(self.network.patch_embed.patch_size[0])

    @property
    def channels(self) -> int:
        """C, colour channels of a picture."""
        return int(self.network.patch_embed.proj.in_channels)

    @property
    def mlp_ratio(self) -> float:
        """Width of a block's hidden layer over the width of its tokens."""
        return float(self.network.blocks[0].mlp.fc1.out_features / self.width)

    @property
    def num_patches(self) -> int:
        """N, patches of a picture."""
        return self.grid[0] * self.grid[1]

    def tokens(self, images: Tensor, kept: Tensor | None = None) -> Tensor:
        """Tokens after the final norm, the class token first.

        Args:
            images: Normalised pictures (B, C, H, W).
            kept: Indices (B, K) of the patches to see; all of them when absent.

        Returns:
            (B, 1 + K, D) in the order of ``kept``, or (B, 1 + N, D) in row-major order.
        """
        network = self.network
        patches = network.patch_embed(images) + network.pos_embed[:, 1:]  # (B, N, D)
        if kept is not None:
            patches = patches.gather(1, kept.unsqueeze(-1).expand(-1, -1, patches.shape[-1]))  # (B, K, D)
        class_token = (network.cls_token + network.pos_embed[:, :1]).expand(images.shape[0], -1, -1)
        tokens: Tensor = network.norm(
            network.blocks(torch.cat([class_token.to(patches.dtype), patches], dim=1))
        )
        return tokens

    def features(self, images: Tensor, *, pooling: str = "cls") -> Tensor:
        """One vector (B, D) a picture: the class token ("cls") or the mean of the patch tokens ("mean")."""
        tokens = self.tokens(images)
        return tokens[:, 0] if pooling == "cls" else tokens[:, 1:].mean(dim=1)


def make_encoder(settings: EncoderSettings, *, channels: int = 3) -> Encoder:
    """Build an untrained encoder.

    Raises:
        SettingsError: If the encoder is unknown or the patch does not divide the picture.
    """
    if settings.name not in ENCODERS:
        known = ", ".join(ENCODERS)
        raise SettingsError(
            f"There is no encoder '{settings.name}'.", f"Choose one of {known}.", field="encoder.name"
        )
    if settings.image_size % settings.patch_size:
        raise SettingsError(
            f"A patch of {settings.patch_size} px does not divide an image of {settings.image_size} px.",
            "Choose an image size that is a multiple of the patch size.",
            field="encoder.patch_size",
        )
    size = ENCODERS[settings.name]
    return make_vit(
        width=size.width,
        depth=size.depth,
        heads=size.heads,
        image_size=settings.image_size,
        patch_size=settings.patch_size,
        channels=channels,
    )


def make_vit(
    *,
    width: int,
    depth: int,
    heads: int,
    image_size: int,
    patch_size: int,
    channels: int = 3,
    mlp_ratio: float = 4.0,
) -> Encoder:
    """Build an untrained encoder from plain dimensions; names inside equal timm's."""
    return Encoder(
        VisionTransformer(
            img_size=image_size,
            patch_size=patch_size,
            in_chans=channels,
            num_classes=0,
            global_pool="token",
            embed_dim=width,
            depth=depth,
            num_heads=heads,
            mlp_ratio=mlp_ratio,
            qkv_bias=True,
            norm_layer=partial(nn.LayerNorm, eps=LAYER_NORM_EPS),
        )
    )
