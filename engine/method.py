"""The contract between a method of self-supervised learning and everything around it.

The trainer, the catalogue, the window and the command line know only what is here. A method is one file in
``engine/methods``; see CONTRIBUTING.md for the way to add one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from engine.nn.encoder import Encoder
from engine.schedules import Progress
from engine.settings import Settings

Views = dict[str, Tensor]
ViewMaker = Callable[[Tensor, np.random.Generator], Views]


@dataclass(frozen=True)
class ViewSpec:
    """What a view maker must know of the run.

    Args:
        image_size: Side of the square view in pixels.
        num_patches: N, patches of one view.
        channels: 1 or 3.
    """

    image_size: int
    num_patches: int
    channels: int = 3


@dataclass
class StepOutput:
    """What one forward pass gives.

    Args:
        losses: Weighted terms, scalars with gradient, whose sum is the loss. Never holds the total.
        monitors: Numbers to watch, scalars without gradient.
    """

    losses: dict[str, Tensor]
    monitors: dict[str, Tensor] = field(default_factory=dict)

    @property
    def loss(self) -> Tensor:
        """The sum of the terms, in fp32."""
        return torch.stack([term.float() for term in self.losses.values()]).sum()


@dataclass(frozen=True)
class ParamGroup:
    """Parameters that share their treatment.

    Args:
        name: Shown in the log.
        params: The parameters, in a stable order.
        weight_decay: True when the run's weight decay applies.
        lr_scale: Factor on the run's learning rate.
    """

    name: str
    params: list[nn.Parameter]
    weight_decay: bool
    lr_scale: float = 1.0


@dataclass(frozen=True)
class Sourced:
    """A value together with where it comes from."""

    value: Any
    source: str


@dataclass(frozen=True)
class Preset:
    """A named set of values for a whole recipe, each with its source.

    Args:
        title: Label, such as "Paper".
        about: One sentence: what it is for and what it costs.
        values: Dotted setting name (``training.base_lr``, ``settings.mask_ratio``) -> value with source.
    """

    title: str
    about: str
    values: Mapping[str, Sourced]


class Method(nn.Module):
    """A way to learn from pictures without labels.

    Subclasses set the class attributes, keep the encoder as ``self.encoder`` and implement ``views`` and
    ``forward``. Randomness comes only from the views (drawn from run seed, epoch and picture) and from torch's
    generator, which the trainer seeds at every step.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    use_when: ClassVar[str]
    needs_tokens: ClassVar[bool] = False
    Settings: ClassVar[type[Settings]]
    presets: ClassVar[Mapping[str, Preset]]
    clips_each_parameter: ClassVar[bool] = False

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = encoder

    @classmethod
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        """Return a picklable function from one picture to its views; it runs in loader processes.

        The function takes a picture (C, H, W) uint8 of any size and a generator, and returns named tensors. Tensors
        of dtype uint8 are pictures: the trainer normalises them on the device.
        """
        raise NotImplementedError

    def forward(self, views: Views, progress: Progress) -> StepOutput:
        """Compute the loss terms of a batch of views (each tensor stacked along a new first axis B)."""
        raise NotImplementedError

    def after_step(self, progress: Progress) -> None:
        """Do what follows an optimizer step, such as moving a target network; nothing by default."""

    def param_groups(self) -> list[ParamGroup]:
        """Return every trainable parameter in exactly one group."""
        raise NotImplementedError

    def features(self, images: Tensor) -> Tensor:
        """Features (B, D) that evaluation judges, from normalised images (B, C, H, W)."""
        return self.encoder.features(images)

    def preview(self, views: Views) -> dict[str, Tensor]:
        """Pictures (B, C, H, W), normalised like the input, that show what the method does with the views.

        Needs no trained weights to make sense: it explains the settings, such as the mask, before a run.
        """
        raise NotImplementedError

    def reconstruct(self, views: Views) -> dict[str, Tensor]:
        """Pictures (B, C, H, W) that the trained network predicts; empty for methods that rebuild nothing."""
        return {}
