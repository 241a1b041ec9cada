"""Fixed sine-cosine position tables."""

import torch
from torch import Tensor


def sincos_1d(width: int, positions: Tensor) -> Tensor:
    """Sines then cosines of positions at geometric frequencies.

    Follows "Attention is all you need", sec. 3.5, with sines and cosines in halves instead of interleaved (MAE,
    official file util/pos_embed.py).

    Args:
        width: Length of a vector, even.
        positions: (M,) positions of any kind.

    Returns:
        (M, width) in float64.
    """
    half = width // 2
    omega = 10_000.0 ** -(torch.arange(half, dtype=torch.float64) / half)
    angles = positions.double().reshape(-1, 1) * omega  # (M, width / 2)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def sincos_2d(width: int, rows: int, columns: int, *, class_token: bool) -> Tensor:
    """Position table of a grid of patches in row-major order.

    The first half of the channels encodes the column, the second half the row, as MAE's official code does (CAE
    and MoCo v3 have it the other way round).

    Args:
        width: D, a multiple of 4.
        rows: Rows of the grid.
        columns: Columns of the grid.
        class_token: True puts a row of zeros first, for the class token.

    Returns:
        (rows * columns, D) or (1 + rows * columns, D) in float32.
    """
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    table = torch.cat([sincos_1d(width // 2, column), sincos_1d(width // 2, row)], dim=1)
    if class_token:
        table = torch.cat([torch.zeros(1, width, dtype=table.dtype), table])
    return table.float()
