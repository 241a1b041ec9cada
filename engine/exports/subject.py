"""What an export is made of: the encoder and everything that a user of the file must know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import CheckpointError
from engine.evaluation_view import EvaluationView, view_of
from engine.exports.disclosed import disclosed
from engine.nn.encoder import Encoder
from engine.nn.encoders import encoder_size
from engine.nn.normalise import Normalise
from engine.recipe import Recipe

CHECK_PICTURES = 5  # another number than the exporters are shown, so that a fixed batch is found out
TOLERANCE = 1e-4
"""Largest difference of a feature, relative to the largest feature: fp32 in another order of summing."""


@dataclass(frozen=True)
class Subject:
    """The encoder to export.

    Args:
        encoder: In evaluation mode, on the CPU.
        recipe: What it was trained with.
        title: Such as "ViT-S pretrained with DINO".
        normalise: What pictures pass before it.
        facts: What else there is to know, as plain values: run, data, scores, origin.
    """

    encoder: Encoder
    recipe: Recipe
    title: str
    normalise: Normalise
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """Kind of encoder: "vit", "resnet" or "simclr_resnet"."""
        return encoder_size(self.recipe.encoder.name).family

    @property
    def view(self) -> EvaluationView:
        """What a picture passes and how the encoder is read, as for its scores."""
        return view_of(self.encoder, self.recipe, self.normalise)

    @property
    def disclosed_recipe(self) -> dict[str, Any]:
        """The recipe as others may read it: names of files, no places on a disk."""
        tree: dict[str, Any] = disclosed(self.recipe.model_dump())
        return tree

    @property
    def disclosed_facts(self) -> dict[str, Any]:
        """The facts as others may read them."""
        facts: dict[str, Any] = disclosed(self.facts)
        return facts

    def state(self) -> dict[str, Tensor]:
        """The encoder's tensors under timm's names, each with storage of its own."""
        return {name: value.clone().contiguous() for name, value in self.encoder.network.state_dict().items()}

    def check_pictures(self, count: int = CHECK_PICTURES) -> Tensor:
        """Normalised pictures of noise (count, C, H, W), always the same."""
        return torch.randn(count, *self.view.shape, generator=torch.Generator().manual_seed(count))


class FeatureExtractor(nn.Module):
    """Normalised pictures to one vector each, as a module with nothing else."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, C, H, W) to (B, D)."""
        return self.encoder.features(pictures)


def check_features(subject: Subject, features: Tensor, pictures: Tensor, what: str) -> float:
    """Compare features that a written file gives with the encoder's own.

    Args:
        subject: What was exported.
        features: (B, D), what the file gives.
        pictures: (B, C, H, W), what it was given.
        what: The file, for the person.

    Returns:
        The largest difference, relative to the largest feature.

    Raises:
        CheckpointError: If they differ by more than ``TOLERANCE``.
    """
    with torch.no_grad():
        expected = subject.encoder.features(pictures)
    if features.shape != expected.shape:
        raise CheckpointError(
            f"{what} gives features of shape {_shape(features.shape)} instead of {_shape(expected.shape)}.",
            "Please report this, and export another format.",
        )
    difference = float((features - expected).abs().max() / expected.abs().max().clamp_min(1e-12))
    if not difference <= TOLERANCE:
        raise CheckpointError(
            f"{what} gives other features than the run's encoder (relative difference {difference:.1e}).",
            "Please report this, and export another format.",
        )
    return difference


def _shape(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))
