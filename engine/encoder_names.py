"""Encoders that no list names: their dimensions are in the name. Free of torch, so that any program can check recipes.

``vit_384x12x12`` is a transformer of width 384, 12 blocks and 12 heads (CAE's small one); ``simclr_resnet50_2x_sk`` is
SimCLR v2's ResNet-50 of double width with selective kernels.
"""

import re
from dataclasses import dataclass

SIMCLR_DEPTHS = (14, 50, 101, 152, 200)
_VIT = re.compile(r"vit_(\d{1,5})x(\d{1,3})x(\d{1,3})")
_SIMCLR = re.compile(r"simclr_resnet(\d{1,3})_([1-4])x(_sk)?")


@dataclass(frozen=True)
class VitDimensions:
    """A transformer by its numbers.

    Args:
        width: D.
        depth: Number of blocks.
        heads: Attention heads of a block; divides the width.
    """

    width: int
    depth: int
    heads: int

    @property
    def name(self) -> str:
        """The name that says them."""
        return f"vit_{self.width}x{self.depth}x{self.heads}"


@dataclass(frozen=True)
class SimclrDimensions:
    """A ResNet of SimCLR v2 by its numbers.

    Args:
        depth: One of ``SIMCLR_DEPTHS``; 14 is ours, for trying things on a CPU.
        width: Multiplier of all channels.
        selective: With selective kernels.
    """

    depth: int
    width: int
    selective: bool

    @property
    def name(self) -> str:
        """The name that says them."""
        return f"simclr_resnet{self.depth}_{self.width}x{'_sk' if self.selective else ''}"


def read_name(name: str) -> VitDimensions | SimclrDimensions | None:
    """The dimensions that a name says; None when it says none, or some that cannot be built."""
    if found := _VIT.fullmatch(name):
        width, depth, heads = map(int, found.groups())
        is_possible = width > 0 and depth > 0 and heads > 0 and width % heads == 0
        return VitDimensions(width, depth, heads) if is_possible else None
    if found := _SIMCLR.fullmatch(name):
        depth = int(found[1])
        return SimclrDimensions(depth, int(found[2]), bool(found[3])) if depth in SIMCLR_DEPTHS else None
    return None
