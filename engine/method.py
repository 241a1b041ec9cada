"""The contract between a method of self-supervised learning and everything around it.

The trainer, the catalogue, the window and the command line know only what is here. A method is one file in
``engine/methods``; see CONTRIBUTING.md for the way to add one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from engine.nn.encoder import Encoder
from engine.nn.normalise import IMAGENET_MEAN, IMAGENET_STD, Normalise
from engine.nn.vit import ViTEncoder
from engine.optim import ParamGroup
from engine.schedules import Progress
from engine.settings import Settings

Views = dict[str, Tensor]
ViewMaker = Callable[[Tensor, np.random.Generator], Views]


@dataclass(frozen=True)
class ViewSpec:
    """What a view maker must know of the run.

    Args:
        image_size: Side of the square view in pixels.
        patch_size: P, side of a patch in pixels.
        channels: 1 or 3.
        has_patches: False for an encoder that does not cut pictures into patches.
        processes: How many train together.
        width: D of the encoder.
        heads: Attention heads of the encoder; 0 where it has none.
    """

    image_size: int
    patch_size: int
    channels: int = 3
    has_patches: bool = True
    processes: int = 1
    width: int = 192
    heads: int = 3

    @property
    def num_patches(self) -> int:
        """N, patches of one view."""
        return (self.image_size // self.patch_size) ** 2


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
class Sourced:
    """A value, or a rule (``engine.rules``) that gives it for a data set, together with where it comes from.

    Args:
        value: The value or the rule.
        source: Paper section or official file.
        paper: What the paper has where not even the recipe called "paper" can have it; None where it does.
    """

    value: Any
    source: str
    paper: Any = None


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


@dataclass(frozen=True)
class Reconstruction:
    """Pictures that a trained network rebuilt.

    Args:
        pictures: Name -> (B, C, H, W), normalised like the views; "original", "masked", "predicted", "pasted".
        loss: (B,) loss of each picture.
        note: One sentence on how to read the pictures honestly.
    """

    pictures: Mapping[str, Tensor]
    loss: Tensor
    note: str


class Method(nn.Module):
    """A way to learn from pictures without labels.

    Subclasses set the class attributes, keep the encoder as ``self.encoder`` and implement ``views`` and ``forward``.
    ``needs_tokens``: only a transformer will do. ``least_batch``: pictures that a process needs at once, two where the
    loss compares them or a head normalises over them. ``needs_labels``: batches have "label" (B,), -1 where unknown,
    and the constructor takes ``num_classes``. ``judged_by_neighbours``: k-NN accuracy tells whether it learns; not so
    where features need a trained head, as those of MAE and CAE do. ``deviations``: sentences on what is done otherwise
    than in the official code, whatever the settings. ``mean`` and ``std``: what pictures in 0..1 are normalised with.
    Randomness comes only from the views (drawn from run seed, epoch and picture) and from torch's generator, which the
    trainer seeds at every step.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    use_when: ClassVar[str]
    needs_tokens: ClassVar[bool] = False
    needs_labels: ClassVar[bool] = False
    least_batch: ClassVar[int] = 1
    mean: ClassVar[Sequence[float]] = IMAGENET_MEAN
    std: ClassVar[Sequence[float]] = IMAGENET_STD
    Config: ClassVar[type[Settings]]
    presets: ClassVar[Mapping[str, Preset]]
    clips_each_parameter: ClassVar[bool] = False
    deviations: ClassVar[tuple[str, ...]] = ()
    judged_by_neighbours: ClassVar[bool] = True

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = encoder

    @classmethod
    def check(cls, settings: Settings, spec: ViewSpec) -> None:
        """Refuse settings that contradict each other or the sizes of the run, before anything is built.

        Raises:
            SettingsError: With the field to change.
        """

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

    @property
    def needs_fitting(self) -> bool:
        """True while ``before_training`` has something to learn; part of the state, so a resumed run asks again."""
        return False

    def before_training(self, batches: Iterator[Views]) -> None:
        """Learn from training views what must stand before the first step, such as a codebook; nothing by default.

        Called once a run, with torch's generator seeded. What is learned belongs into the state dict.

        Args:
            batches: Views of training pictures, stacked and normalised as for ``forward``, without an end.
        """

    @property
    def notes(self) -> Sequence[str]:
        """Sentences for the run's log on what its results depend on, such as what was fitted; none by default."""
        return ()

    def after_step(self, progress: Progress) -> None:
        """Do what follows an optimizer step, such as moving a target network; nothing by default."""

    def frozen_parameters(self, progress: Progress) -> Sequence[nn.Parameter]:  # noqa: ARG002 (a contract)
        """Parameters that this step leaves alone: neither gradient nor weight decay nor moments touch them."""
        return ()

    @classmethod
    def curves(cls, settings: Settings, progress: Progress) -> dict[str, float]:  # noqa: ARG003 (a contract)
        """Values of the method that follow from where the run is, such as a momentum; recorded and drawn beforehand."""
        return {}

    @classmethod
    def normalise(cls, channels: int) -> Normalise:
        """What pictures pass before the network."""
        return Normalise(channels, cls.mean, cls.std)

    def set_normalise(self, normalise: Normalise) -> None:
        """Learn what the run's pictures pass; only a method that undoes it needs to know."""

    @property
    def vit(self) -> ViTEncoder:
        """The encoder of a method that needs tokens, by its own type."""
        return cast("ViTEncoder", self.encoder)

    @property
    def evaluated_encoder(self) -> Encoder:
        """The network that is judged, looked into and exported; a teacher where that is the better one."""
        return self.encoder

    def param_groups(self) -> list[ParamGroup]:
        """Return every trainable parameter in exactly one group."""
        raise NotImplementedError

    def features(self, images: Tensor) -> Tensor:
        """Features (B, D) that evaluation judges, from normalised images (B, C, H, W)."""
        return self.evaluated_encoder.features(images)

    @classmethod
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        """Pictures (B, C, H, W) that show what the settings do to a picture, before any training.

        Args:
            settings: The method's settings.
            spec: Sizes of the run.
            views: Normalised views with a batch axis.

        Returns:
            Title -> pictures, normalised like the views; a dictionary keeps the order of showing.
        """
        raise NotImplementedError

    def reconstruct(self, views: Views, settings: Settings) -> Reconstruction | None:  # noqa: ARG002 (a contract)
        """What the trained network rebuilds from the views; None for methods that rebuild nothing.

        Args:
            views: Normalised views with a batch axis.
            settings: Settings to look with, such as another mask ratio than the run was trained with.
        """
        return None
