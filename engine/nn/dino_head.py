"""DINO's projection head: a GELU network onto a small sphere, then prototypes of unit length on that sphere.

Caron et al., https://arxiv.org/abs/2104.14294, appendix C; official file vision_transformer.py, DINOHead. Parameters
carry the names of the official checkpoints.
"""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

INIT_STD = 0.02  # official file vision_transformer.py, truncated normal of every linear layer

# Official name of a weight-normalised parameter -> name that torch.nn.utils.parametrizations gives it.
_PARAMETRIZED = {
    "weight_g": "parametrizations.weight.original0",
    "weight_v": "parametrizations.weight.original1",
}


class Prototypes(nn.Module):
    """A linear layer without bias whose rows are given as a direction and a length.

    Args:
        width: D, length of an incoming vector.
        count: K, number of rows.
        fixed_length: True keeps every length at 1, as on the sphere; False trains it.
    """

    def __init__(self, width: int, count: int, *, fixed_length: bool) -> None:
        super().__init__()
        # The directions keep the start of a plain linear layer: weight norm is put on after the head is initialised.
        self.weight_v = nn.Parameter(nn.Linear(width, count, bias=False).weight.detach())  # (K, D)
        self.weight_g = nn.Parameter(torch.ones(count, 1), requires_grad=not fixed_length)  # (K, 1)

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits (B, K) of vectors (B, D)."""
        weight = self.weight_v * (self.weight_g / self.weight_v.norm(dim=1, keepdim=True))
        return F.linear(vectors, weight)


class DINOHead(nn.Module):
    """Features (B, D) to logits (B, K) over prototypes.

    Args:
        width: D of the encoder.
        prototypes: K.
        hidden: Width of the hidden layers.
        bottleneck: Width of the sphere.
        layers: Linear layers before the prototypes, at least 1.
        batch_norm: Normalise after every hidden layer; the official default is not to.
        fixed_length: See ``Prototypes``.
    """

    def __init__(
        self,
        width: int,
        prototypes: int,
        *,
        hidden: int = 2048,
        bottleneck: int = 256,
        layers: int = 3,
        batch_norm: bool = False,
        fixed_length: bool = True,
    ) -> None:
        super().__init__()
        widths = [width, *[hidden] * (layers - 1), bottleneck]
        parts: list[nn.Module] = []
        for before, after in pairwise(widths):
            if parts:
                parts += [nn.BatchNorm1d(before), nn.GELU()] if batch_norm else [nn.GELU()]
            parts.append(_linear(before, after))
        # One layer alone is not a sequence, so that its official name is kept.
        self.mlp = nn.Sequential(*parts) if layers > 1 else parts[0]
        self.last_layer = Prototypes(bottleneck, prototypes, fixed_length=fixed_length)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, K), cosines of the projected features with the prototypes where lengths are fixed."""
        logits: Tensor = self.last_layer(F.normalize(self.mlp(features), dim=-1))
        return logits


def _linear(before: int, after: int) -> nn.Linear:
    layer = nn.Linear(before, after)
    nn.init.trunc_normal_(layer.weight, std=INIT_STD)
    nn.init.zeros_(layer.bias)
    return layer


def official_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with the names ``weight_g`` and ``weight_v``, from one written under torch's parametrizations."""
    return _renamed(state, {theirs: official for official, theirs in _PARAMETRIZED.items()})


def parametrized_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict as ``torch.nn.utils.parametrizations.weight_norm`` names it; the reverse of ``official_names``."""
    return _renamed(state, _PARAMETRIZED)


def _renamed(state: Mapping[str, Tensor], endings: Mapping[str, str]) -> dict[str, Tensor]:
    renamed = {}
    for name, value in state.items():
        old = next((ending for ending in endings if name == ending or name.endswith(f".{ending}")), None)
        renamed[name if old is None else name.removesuffix(old) + endings[old]] = value
    return renamed
