"""Encoders that no list names: their dimensions are in the name. Free of torch, so that any program can check recipes.

``vit_384x12x12`` is a transformer of width 384, 12 blocks and 12 heads (CAE's small one), ``vit_384x12x12_mlp768`` the
same with hidden layers of 768 instead of four times the width; ``simclr_resnet50_2x_sk`` is SimCLR v2's ResNet-50 of
double width with selective kernels.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

Reading = Literal["cls", "mean", "normed mean"]
"""A transformer's way to one vector: class token, mean of normed patches, or mean of patches that is normed then."""
SIMCLR_DEPTHS = (14, 50, 101, 152, 200)
_VIT = re.compile(r"vit_(\d{1,5})x(\d{1,3})x(\d{1,3})(?:_mlp(\d{1,6}))?")
USUAL_RATIO = 4  # ViT paper, table 1: hidden layers of four times the width
_SIMCLR = re.compile(r"simclr_resnet(\d{1,3})_([1-4])x(_sk)?")


@dataclass(frozen=True)
class VitDimensions:
    """A transformer by its numbers.

    Args:
        width: D.
        depth: Number of blocks.
        heads: Attention heads of a block; divides the width.
        hidden: Width of a block's hidden layer.
    """

    width: int
    depth: int
    heads: int
    hidden: int

    @property
    def name(self) -> str:
        """The name that says them."""
        hidden = "" if self.is_usual else f"_mlp{self.hidden}"
        return f"vit_{self.width}x{self.depth}x{self.heads}{hidden}"

    @property
    def is_usual(self) -> bool:
        """Whether the hidden layers have their usual width."""
        return self.hidden == USUAL_RATIO * self.width

    @property
    def mlp_ratio(self) -> float:
        """H / D, a little more where rounding would lose a channel of H."""
        ratio = self.hidden / self.width
        return ratio if int(self.width * ratio) == self.hidden else math.nextafter(ratio, math.inf)

    @property
    def params_m(self) -> float:
        """Millions of weights: attention 4 D^2 and hidden layer 2 D H a block."""
        return self.depth * (4 * self.width**2 + 2 * self.width * self.hidden) / 1e6


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
        width, depth, heads = map(int, found.groups()[:3])
        hidden = USUAL_RATIO * width if found[4] is None else int(found[4])
        is_possible = width > 0 and depth > 0 and heads > 0 and hidden > 0 and width % heads == 0
        return VitDimensions(width, depth, heads, hidden) if is_possible else None
    if found := _SIMCLR.fullmatch(name):
        depth = int(found[1])
        return SimclrDimensions(depth, int(found[2]), bool(found[3])) if depth in SIMCLR_DEPTHS else None
    return None
