"""From a file of somebody's to the weights of an encoder, in one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.nn.encoders import make_encoder
from engine.recipe import EncoderSettings
from engine.weights.architecture import infer_encoder
from engine.weights.fitting import Fitted, fit
from engine.weights.foreign_file import ForeignFile, read_foreign
from engine.weights.formats import sniff
from engine.weights.key_map import MappedKeys, map_keys, unwrapped
from engine.weights.report import Fate
from engine.weights.weight_format import WeightFormat


@dataclass(frozen=True)
class ForeignWeights:
    """A file of weights that was recognised.

    Args:
        file: The file.
        known: Its format.
        mapped: Its encoder under timm's names.
    """

    file: ForeignFile
    known: WeightFormat
    mapped: MappedKeys

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        """The encoder's tensors as they are in the file, under timm's names."""
        return self.mapped.tensors


def recognise(path: Path) -> ForeignWeights:
    """Read a file and find the encoder in it.

    Raises:
        CheckpointError: In words: no file of weights, code inside, or no encoder of a known form.
    """
    file = read_foreign(path)
    places = unwrapped(file.tensors)
    known, root = sniff({place: file.tensors[original] for place, original in places.items()})
    if file.passport is not None:
        known = known.with_passport(file.passport)
    return ForeignWeights(file, known, map_keys(known, root, places, file.tensors))


def fit_to_itself(
    weights: ForeignWeights, *, heads: int | None = None, image_size: int | None = None
) -> tuple[EncoderSettings, int, Fitted]:
    """Build the encoder that a file was trained with, and fit the file to it.

    Args:
        weights: The file.
        heads: Attention heads, where no published network of this width tells them.
        image_size: Side of the pictures that will be shown, px, where it is not the one of training; a transformer's
            table of positions is resampled for it.

    Returns:
        The encoder's settings, its colour channels (1 or 3), and the weights with their report.

    Raises:
        CheckpointError: If the file is partial or its encoder cannot be built.
        SettingsError: If the heads must be said.
    """
    settings, channels = infer_encoder(weights.tensors, heads=heads, known_heads=weights.known.heads)
    if image_size is not None:
        settings = settings.model_copy(update={"image_size": image_size})
    channels = channels if channels in (1, 3) else 3
    with torch.device("meta"):  # only the shapes are needed, unless the file lacks something
        shapes = make_encoder(settings, channels=channels)
    fitted = fit(weights.mapped, shapes)
    if fitted.report.of(Fate.MISSING):
        fitted = fit(weights.mapped, make_encoder(settings, channels=channels))
    return settings, channels, fitted
