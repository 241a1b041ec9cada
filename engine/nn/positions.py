"""Fixed sine-cosine position tables."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from engine.errors import SettingsError


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


def sincos_2d(
    width: int, rows: int, columns: int, *, class_token: bool, first: Literal["column", "row"] = "column"
) -> Tensor:
    """Position table of a grid of patches in row-major order.

    Args:
        width: D, a multiple of 4.
        rows: Rows of the grid.
        columns: Columns of the grid.
        class_token: True puts a row of zeros first, for the class token.
        first: What the first half of the channels encodes; the second half encodes the other. The column in MAE's
            official code (util/pos_embed.py), the row in CAE's (models/modeling_cae_helper.py) and MoCo v3's: weights
            of one do not fit the table of the other.

    Returns:
        (rows * columns, D) or (1 + rows * columns, D) in float32.
    """
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    halves = [sincos_1d(width // 2, column), sincos_1d(width // 2, row)]
    table = torch.cat(halves if first == "column" else halves[::-1], dim=1)
    if class_token:
        table = torch.cat([torch.zeros(1, width, dtype=table.dtype), table])
    return table.float()


def resize_positions(table: Tensor, rows: int, columns: int) -> Tensor:
    """Resample a learned or fixed position table to another grid; the class token's row stays.

    Follows MAE, official file util/pos_embed.py: bicubic without antialias.

    Args:
        table: (1, 1 + N, D) of a square grid, class token first.
        rows: Rows of the new grid.
        columns: Columns of the new grid.

    Returns:
        (1, 1 + rows * columns, D).
    """
    side = int((table.shape[1] - 1) ** 0.5)
    grid = table[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)  # (1, D, side, side)
    grid = interpolate(grid, size=(rows, columns), mode="bicubic", align_corners=False)
    return torch.cat([table[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def stretch_positions(table: Tensor, grid: tuple[int, int], wanted: tuple[int, int]) -> Tensor:
    """Resample a position table for a picture of another size than the network was built for.

    Follows DINO, official file vision_transformer.py, interpolate_pos_encoding: bicubic without antialias, sampling at
    the factor (n + 0.1) / N, which differs from giving the size and from timm's own resampling.

    Args:
        table: (1, 1 + N, D), class token first.
        grid: Rows and columns of the table.
        wanted: Rows and columns of the picture.

    Returns:
        (1, 1 + rows * columns, D); the table itself where the grids are equal.
    """
    if grid == wanted:
        return table
    places = table[:, 1:].reshape(1, *grid, -1).permute(0, 3, 1, 2)  # (1, D, rows, columns)
    factors = tuple((new + 0.1) / old for new, old in zip(wanted, grid, strict=True))
    places = interpolate(places, scale_factor=factors, mode="bicubic", align_corners=False)
    return torch.cat([table[:, :1], places.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def check_position_width(width: int, field: str) -> None:
    """Refuse a width that the table of sines and cosines cannot have: two axes with a sine and a cosine each.

    Raises:
        SettingsError: With the field to change.
    """
    if width % 4:
        raise SettingsError(
            f"A width of {width} does not fit the position table.", "Choose a multiple of 4.", field=field
        )
