"""Vision transformers: tokens of all patches, of kept ones, or one feature vector a picture.

Source of the sizes: ViT paper table 1 (B, L, H), DeiT paper table 1 (Ti, S); nano is ours, for trying things on a CPU.
"""

from collections.abc import Mapping
from functools import partial
from typing import cast

import torch
from timm.layers import DropPath
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from typing_extensions import override

from engine.encoder_names import Reading, VitDimensions
from engine.errors import SettingsError
from engine.nn.encoder import Encoder, EncoderSize
from engine.nn.positions import stretch_positions
from engine.recipe import EncoderSettings

LAYER_NORM_EPS = 1e-6  # official MAE, DINO and CAE; timm's transformer default too

VIT_SIZES: Mapping[str, EncoderSize] = {
    "vit_nano": EncoderSize("ViT-nano", "vit", 96, 4, 3, 0.5),
    "vit_tiny": EncoderSize("ViT-Ti", "vit", 192, 12, 3, 5.5),
    "vit_small": EncoderSize("ViT-S", "vit", 384, 12, 6, 21.6),
    "vit_base": EncoderSize("ViT-B", "vit", 768, 12, 12, 85.8),
    "vit_large": EncoderSize("ViT-L", "vit", 1024, 24, 16, 303.3),
    "vit_huge": EncoderSize("ViT-H", "vit", 1280, 32, 16, 630.8),
}


def vit_size(dimensions: VitDimensions) -> EncoderSize:
    """What is known of a transformer by its dimensions."""
    width, depth, heads = dimensions.width, dimensions.depth, dimensions.heads
    hidden = "" if dimensions.is_usual else f", hidden layers of {dimensions.hidden}"
    return EncoderSize(
        f"ViT {width}x{depth}, {heads} heads{hidden}",
        "vit",
        width,
        depth,
        heads,
        round(dimensions.params_m, 1),
        dimensions.mlp_ratio,
    )


class ViTEncoder(Encoder):
    """A timm vision transformer."""

    @property
    def vit(self) -> VisionTransformer:
        """The network by its own type."""
        return cast("VisionTransformer", self.network)

    @property
    @override
    def width(self) -> int:
        return int(self.vit.embed_dim)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        rows, columns = self.vit.patch_embed.grid_size
        return int(rows), int(columns)

    @property
    def patch_size(self) -> int:
        """P, side of a patch in pixels."""
        return int(self.vit.patch_embed.patch_size[0])

    @property
    @override
    def channels(self) -> int:
        return int(self.vit.patch_embed.proj.in_channels)

    @property
    def mlp_ratio(self) -> float:
        """Width of a block's hidden layer over the width of its tokens."""
        return float(self.vit.blocks[0].mlp.fc1.out_features / self.width)

    @property
    def num_patches(self) -> int:
        """N, patches of a picture of the size it was built for."""
        return self.grid[0] * self.grid[1]

    def embed(self, images: Tensor) -> Tensor:
        """Class token and patches with their positions, before the first block.

        Args:
            images: Normalised pictures (B, C, H, W) of any size that patches divide; where the grid is not the
                network's own, positions are stretched as DINO does.

        Returns:
            (B, 1 + N, D), the class token first.
        """
        network = self.vit
        places = network.patch_embed.proj(images)  # (B, D, rows, columns)
        positions = stretch_positions(network.pos_embed, self.grid, (places.shape[2], places.shape[3]))
        patches = places.flatten(2).transpose(1, 2) + positions[:, 1:]  # (B, N, D)
        class_token = (network.cls_token + positions[:, :1]).expand(images.shape[0], -1, -1)
        return torch.cat([class_token.to(patches.dtype), patches], dim=1)

    def tokens(self, images: Tensor, kept: Tensor | None = None) -> Tensor:
        """Tokens after the final norm, the class token first.

        Args:
            images: Normalised pictures (B, C, H, W), see ``embed``.
            kept: Indices (B, K) of the patches to see; all of them when absent.

        Returns:
            (B, 1 + K, D) in the order of ``kept``, or (B, 1 + N, D) in row-major order.
        """
        tokens = self.embed(images)
        if kept is not None:
            chosen = kept.unsqueeze(-1).expand(-1, -1, tokens.shape[-1])
            tokens = torch.cat([tokens[:, :1], tokens[:, 1:].gather(1, chosen)], dim=1)  # (B, 1 + K, D)
        normed: Tensor = self.vit.norm(self.vit.blocks(tokens))
        return normed

    @override
    def features(self, images: Tensor, *, pooling: str = "") -> Tensor:
        tokens = self.tokens(images)
        is_class_token = (pooling or self.pooling) == "cls"
        pooled: Tensor = self.vit.fc_norm(tokens[:, 0] if is_class_token else tokens[:, 1:].mean(dim=1))
        return pooled

    @property
    def norms_after_pooling(self) -> bool:
        """Whether the last norm is of the pooled vector, not of every token."""
        return not isinstance(self.vit.fc_norm, nn.Identity)

    def read_by_normed_mean(self) -> None:
        """Read it by the mean of the patches and norm that mean, as timm does with ``global_pool="avg"``.

        The last norm of the network moves from ``norm`` to ``fc_norm``, as timm names it.
        """
        network = self.vit
        network.fc_norm, network.norm = network.norm, nn.Identity()
        self.pooling = "mean"

    def read_by(self, reading: Reading) -> None:
        """Read an encoder from elsewhere as it is meant; once, before its weights are loaded."""
        if reading == "normed mean":
            self.read_by_normed_mean()
        else:
            self.pooling = reading

    @override
    def set_drop_path(self, rate: float) -> None:
        rates = torch.linspace(0, rate, len(self.vit.blocks)).tolist()
        for block, share in zip(self.vit.blocks, rates, strict=True):
            block.drop_path1 = DropPath(share) if share else nn.Identity()
            block.drop_path2 = DropPath(share) if share else nn.Identity()


def check_vit(settings: EncoderSettings) -> None:
    """Refuse sizes that do not fit each other.

    Raises:
        SettingsError: If the patch does not divide the picture.
    """
    if settings.image_size % settings.patch_size:
        raise SettingsError(
            f"A patch of {settings.patch_size} px does not divide an image of {settings.image_size} px.",
            "Choose an image size that is a multiple of the patch size.",
            field="encoder.patch_size",
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
    layer_scale: float = 0.0,
) -> ViTEncoder:
    """Build an untrained encoder from plain dimensions; names inside equal timm's.

    Args:
        width: D.
        depth: Number of blocks.
        heads: Attention heads of a block.
        image_size: Side of the square picture, pixels.
        patch_size: P.
        channels: C.
        mlp_ratio: Width of a block's hidden layer over D.
        layer_scale: Start of the learned factor on each residual branch (CAE, CaiT); 0 has none.
    """
    return ViTEncoder(
        VisionTransformer(
            img_size=image_size,
            patch_size=patch_size,
            in_chans=channels,
            num_classes=0,
            global_pool="token",
            fc_norm=False,
            embed_dim=width,
            depth=depth,
            num_heads=heads,
            mlp_ratio=mlp_ratio,
            qkv_bias=True,
            init_values=layer_scale or None,
            norm_layer=partial(nn.LayerNorm, eps=LAYER_NORM_EPS),
        )
    )
