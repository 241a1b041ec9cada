"""Rows that are remembered for a while: negatives of past batches."""

import torch
from torch import Tensor, nn


class RowMemory(nn.Module):
    """A ring of rows; the newest replace the oldest.

    Follows MoCo, He et al., https://arxiv.org/abs/1911.05722, sec. 3.2. Its content is part of the state dict, and
    nothing here waits for the device.

    Args:
        size: K, rows that are kept.
        width: D, channels of a row.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.rows: Tensor
        self.written: Tensor
        self.register_buffer("rows", torch.zeros(size, width))
        self.register_buffer("written", torch.zeros((), dtype=torch.int64))

    @property
    def is_filled(self) -> Tensor:
        """(K,) bool: which places hold a row."""
        return torch.arange(len(self.rows), device=self.rows.device) < self.written

    @torch.no_grad()
    def write(self, rows: Tensor) -> None:
        """Remember (B, D); of more rows than there are places the last ones."""
        rows = rows[-len(self.rows) :].to(self.rows.dtype)
        places = (self.written + torch.arange(len(rows), device=rows.device)) % len(self.rows)
        self.rows.index_copy_(0, places, rows)
        self.written += len(rows)
