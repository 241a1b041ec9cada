"""Attentive probing: one learned query reads all tokens of a frozen encoder."""

from functools import partial

import torch
from torch import Tensor, nn

from engine.nn.cross_attention import CrossAttention
from engine.nn.vit import LAYER_NORM_EPS

HEAD_STD = 0.01  # CAE, official linear and attentive probing scripts


class AttentiveProbe(nn.Module):
    """Cross-attention with one query, batch norm without weights, a linear layer.

    Follows CAE, official file models/modeling_finetune.py: neither a residual nor a hidden layer, and no positions.
    The query starts at zero.

    Args:
        width: D of the tokens, a multiple of ``heads``.
        heads: Attention heads, as many as the encoder's.
        num_classes: C.
    """

    def __init__(self, width: int, heads: int, num_classes: int) -> None:
        super().__init__()
        norm = partial(nn.LayerNorm, eps=LAYER_NORM_EPS)
        self.query = nn.Parameter(torch.zeros(1, 1, width))
        self.norm_q, self.norm_k, self.norm_v = norm(width), norm(width), norm(width)
        self.attention = CrossAttention(width, heads)
        self.batch_norm = nn.BatchNorm1d(width, affine=False, eps=1e-5)  # MAE's linear probe has 1e-6
        self.head = nn.Linear(width, num_classes)
        nn.init.normal_(self.head.weight, std=HEAD_STD)
        nn.init.zeros_(self.head.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B, C) of the tokens (B, 1 + N, D) after the encoder's final norm, the class token included."""
        query = self.query.to(tokens.dtype).expand(tokens.shape[0], -1, -1)
        read = self.attention(self.norm_q(query), self.norm_k(tokens), self.norm_v(tokens))  # (B, 1, D)
        logits: Tensor = self.head(self.batch_norm(read.squeeze(1)))
        return logits
