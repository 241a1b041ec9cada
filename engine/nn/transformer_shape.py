"""The dimensions that the blocks of a transformer share."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class TransformerShape:
    """What blocks look like, but for how many there are.

    Args:
        width: D, length of a token, a multiple of ``heads``.
        heads: Attention heads.
        mlp_ratio: Width of a block's hidden layer over D.
        layer_scale: Start of the learned factor on each branch; 0 has none.
        drop_path: Probability that the last block leaves out a branch for a picture while training.
    """

    width: int
    heads: int
    mlp_ratio: float = 4.0
    layer_scale: float = 0.0
    drop_path: float = 0.0

    def drop_paths(self, depth: int) -> list[float]:
        """The probability for each of so many blocks, rising from 0 in the first."""
        rates: list[float] = torch.linspace(0, self.drop_path, depth).tolist()
        return rates
