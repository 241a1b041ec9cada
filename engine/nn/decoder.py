"""The light transformer that rebuilds hidden patches from visible ones."""

from functools import partial

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from engine.nn.positions import sincos_2d
from engine.nn.vit import LAYER_NORM_EPS


class PatchDecoder(nn.Module):
    """Fill the hidden places with one learned token, add positions, and predict every patch.

    Follows MAE, sec. 3 "MAE decoder" and "Reconstruction target".

    Args:
        encoder_width: D of the encoder's tokens.
        width: Length of the decoder's tokens, a multiple of 4 and of ``heads``.
        depth: Number of blocks.
        heads: Attention heads of a block.
        grid: Rows and columns of patches.
        patch_values: P * P * C, numbers predicted for a patch.
        mlp_ratio: Width of a block's hidden layer over the width of its tokens.
    """

    def __init__(
        self,
        *,
        encoder_width: int,
        width: int,
        depth: int,
        heads: int,
        grid: tuple[int, int],
        patch_values: int,
        mlp_ratio: float = 4.0,
    ) -> None:
        super().__init__()
        norm = partial(nn.LayerNorm, eps=LAYER_NORM_EPS)
        self.embed = nn.Linear(encoder_width, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        positions = sincos_2d(width, *grid, class_token=True).unsqueeze(0)  # (1, 1 + N, width)
        self.positions: Tensor
        self.register_buffer("positions", positions)
        self.blocks = nn.Sequential(
            *(Block(width, heads, mlp_ratio=mlp_ratio, qkv_bias=True, norm_layer=norm) for _ in range(depth))
        )
        self.norm = norm(width)
        self.predict = nn.Linear(width, patch_values)

    def forward(self, tokens: Tensor, restore: Tensor) -> Tensor:
        """Predict all patches.

        Args:
            tokens: (B, 1 + K, D) encoder tokens, class token first, kept patches in shuffled order.
            restore: (B, N) indices that bring [kept | masked] into picture order.

        Returns:
            (B, N, P*P*C) predictions in picture order, the class token dropped.
        """
        tokens = self.embed(tokens)  # (B, 1 + K, width)
        batch, seen, width = tokens.shape
        hidden = self.mask_token.to(tokens.dtype).expand(batch, restore.shape[1] + 1 - seen, -1)
        patches = torch.cat([tokens[:, 1:], hidden], dim=1)  # (B, N, width), shuffled
        patches = patches.gather(1, restore.unsqueeze(-1).expand(-1, -1, width))
        tokens = torch.cat([tokens[:, :1], patches], dim=1) + self.positions
        prediction: Tensor = self.predict(self.norm(self.blocks(tokens)))
        return prediction[:, 1:]
