"""An encoder with a linear classifier on top, pooled as the fine-tuning protocols of MAE do."""

from functools import partial
from typing import Literal

from torch import Tensor, nn

from engine.nn.vit import LAYER_NORM_EPS, ViTEncoder

HEAD_STD = 2e-5  # official file main_finetune.py


class Classifier(nn.Module):
    """Encoder, pooling and head.

    Follows MAE, official file models_vit.py: "mean" averages the patch tokens of the last block before any norm and
    normalises the average with a new LayerNorm; "cls" takes the class token after the encoder's own norm.

    Args:
        encoder: The pretrained encoder; its position table becomes trainable.
        num_classes: C.
        pooling: "mean" or "cls".
    """

    def __init__(
        self, encoder: ViTEncoder, num_classes: int, *, pooling: Literal["mean", "cls"] = "mean"
    ) -> None:
        super().__init__()
        self.encoder, self.pooling = encoder, pooling
        encoder.vit.pos_embed.requires_grad = True
        if pooling == "mean":
            encoder.vit.norm = nn.Identity()
            self.norm: nn.Module = partial(nn.LayerNorm, eps=LAYER_NORM_EPS)(encoder.width)
        else:
            self.norm = nn.Identity()
        self.head = nn.Linear(encoder.width, num_classes)
        nn.init.trunc_normal_(self.head.weight, std=HEAD_STD)
        nn.init.zeros_(self.head.bias)

    def features(self, images: Tensor) -> Tensor:
        """Pooled features (B, D) of normalised images (B, C, H, W)."""
        pooled: Tensor = self.norm(self.encoder.features(images, pooling=self.pooling))
        return pooled

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, C)."""
        logits: Tensor = self.head(self.features(images))
        return logits


class LinearProbe(nn.Sequential):
    """Batch norm without weights, then a linear layer: the head of MAE's linear probe (official main_linprobe.py).

    Args:
        width: D of the frozen features (B, D).
        num_classes: C.
    """

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__(nn.BatchNorm1d(width, affine=False, eps=1e-6), nn.Linear(width, num_classes))
