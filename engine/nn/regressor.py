"""Predicts the representations of hidden patches from those of visible ones."""

from functools import partial

import torch
from timm.layers import DropPath, Mlp
from timm.models.vision_transformer import LayerScale
from torch import Tensor, nn

from engine.nn.cross_attention import CrossAttention
from engine.nn.transformer_shape import TransformerShape
from engine.nn.vit import LAYER_NORM_EPS


def _scale(shape: TransformerShape) -> nn.Module:
    return LayerScale(shape.width, init_values=shape.layer_scale) if shape.layer_scale else nn.Identity()


class RegressorBlock(nn.Module):
    """Queries look at the visible tokens and at each other, then pass a hidden layer.

    Not the usual pre-norm block: after the attention the norm *replaces* the stream, and the hidden layer's residual
    starts from the normalised tokens (CAE, official file models/modeling_cae_helper.py).

    Args:
        shape: Its dimensions.
        drop_path: Probability that a branch is left out for a picture while training.
    """

    def __init__(self, shape: TransformerShape, drop_path: float) -> None:
        super().__init__()
        width = shape.width
        norm = partial(nn.LayerNorm, eps=LAYER_NORM_EPS)
        self.norm_q, self.norm_k, self.norm_v = norm(width), norm(width), norm(width)
        self.attention = CrossAttention(width, shape.heads)
        self.ls1, self.ls2 = _scale(shape), _scale(shape)
        self.norm2 = norm(width)
        self.mlp = Mlp(width, int(width * shape.mlp_ratio))
        self.drop_path = DropPath(drop_path) if drop_path else nn.Identity()

    def forward(
        self, queries: Tensor, visible: Tensor, query_positions: Tensor, visible_positions: Tensor
    ) -> Tensor:
        """Change the queries; the visible tokens stay as they are.

        Args:
            queries: (B, M, D).
            visible: (B, K, D).
            query_positions: (B, M, D).
            visible_positions: (B, K, D).

        Returns:
            (B, M, D).
        """
        seen = torch.cat([visible, queries], dim=1)  # (B, K + M, D)
        positions = torch.cat([visible_positions, query_positions], dim=1)
        attended = self.attention(
            self.norm_q(queries + query_positions), self.norm_k(seen + positions), self.norm_v(seen)
        )
        queries = self.norm2(queries + self.drop_path(self.ls1(attended)))
        changed: Tensor = queries + self.drop_path(self.ls2(self.mlp(queries)))
        return changed


class LatentRegressor(nn.Module):
    """The latent contextual regressor of CAE (paper, sec. 3.1).

    Args:
        shape: Dimensions of its blocks.
        depth: Number of blocks.
    """

    def __init__(self, shape: TransformerShape, depth: int) -> None:
        super().__init__()
        self.mask_token = nn.Parameter(torch.zeros(1, 1, shape.width))
        self.blocks = nn.ModuleList(RegressorBlock(shape, rate) for rate in shape.drop_paths(depth))
        self.norm = nn.LayerNorm(shape.width, eps=LAYER_NORM_EPS)

    def forward(self, visible: Tensor, query_positions: Tensor, visible_positions: Tensor) -> Tensor:
        """Predict the latents of hidden patches.

        Args:
            visible: (B, K, D) latents of the visible patches, without the class token.
            query_positions: (B, M, D) positions of the hidden patches.
            visible_positions: (B, K, D).

        Returns:
            (B, M, D), after a norm.
        """
        queries = self.mask_token.to(visible.dtype).expand(*query_positions.shape[:2], -1)
        for block in self.blocks:
            queries = block(queries, visible, query_positions, visible_positions)
        normed: Tensor = self.norm(queries)
        return normed
