"""Attention of some tokens to others, with own inputs for queries, keys and values."""

from torch import Tensor, nn
from torch.nn import functional as F


class CrossAttention(nn.Module):
    """Multi-head attention whose queries, keys and values come from different tokens.

    Follows CAE, official file models/modeling_cae_helper.py: biases on queries, values and the output, none on keys
    (softmax would ignore it).

    Args:
        width: D, a multiple of ``heads``.
        heads: Attention heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Attend.

        Args:
            query: (B, Q, D).
            key: (B, K, D).
            value: (B, K, D).

        Returns:
            (B, Q, D).
        """
        attended = F.scaled_dot_product_attention(
            self._by_head(self.q(query)), self._by_head(self.k(key)), self._by_head(self.v(value))
        )
        merged: Tensor = self.proj(attended.transpose(1, 2).flatten(2))
        return merged

    def _by_head(self, tokens: Tensor) -> Tensor:
        """(B, T, D) to (B, heads, T, D / heads)."""
        split: Tensor = tokens.unflatten(2, (self.heads, -1))
        return split.transpose(1, 2)
