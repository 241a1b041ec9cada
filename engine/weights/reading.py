"""From a file of somebody's to the weights of an encoder, in one call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import torch
from torch import Tensor

from engine.encoder_names import Reading
from engine.nn.encoder import Encoder
from engine.nn.encoders import make_encoder
from engine.nn.vit import ViTEncoder
from engine.recipe import EncoderSettings
from engine.weights.architecture import infer_encoder
from engine.weights.beside import POOLS, Beside, read_beside
from engine.weights.fitting import Fitted, fit
from engine.weights.foreign_file import ForeignFile, read_foreign
from engine.weights.formats import sniff
from engine.weights.formats.huggingface import HUGGINGFACE
from engine.weights.key_map import MappedKeys, map_keys, unwrapped
from engine.weights.pooling import Read, choose_reading
from engine.weights.report import Fate
from engine.weights.weight_format import Expected, WeightFormat


@dataclass(frozen=True)
class ForeignWeights:
    """A file of weights that was recognised.

    Args:
        file: The file.
        known: Its format.
        mapped: Its encoder under timm's names.
        read: What a vector of it is.
        beside: What lies beside the file.
    """

    file: ForeignFile
    known: WeightFormat
    mapped: MappedKeys
    read: Read
    beside: Beside

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
    mapped = map_keys(known, root, places, file.tensors)
    if file.passport is not None:  # a file of ours says all that a configuration could
        known, beside = known.with_passport(file.passport), Beside()
        told, who = str(file.passport.pooling), "as the file says"
    else:
        beside = read_beside(path, is_huggingface=known is HUGGINGFACE)
        known, told = _with_beside(known, beside), POOLS.get(beside.pool, "")
        who = "as config.json beside the file says"
    usual: Reading = "mean" if beside.is_mae else known.reading
    read = choose_reading(mapped.tensors, told=told, usual=usual, who=who)
    return ForeignWeights(file, known, mapped, read, beside)


def _with_beside(known: WeightFormat, beside: Beside) -> WeightFormat:
    """The format with what the configuration says in place of what is usual."""
    if beside.normalise:
        name = cast("Literal['imagenet', 'unit', 'half']", beside.normalise)
        known = replace(known, expects=Expected(name, "as config.json beside the file says"))
    return known


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
    settings, channels, shapes = encoder_of(weights, heads=heads, image_size=image_size)
    fitted = fit(weights.mapped, shapes)
    if fitted.report.of(Fate.MISSING):
        fitted = fit(weights.mapped, _make(settings, channels, weights.read.reading))
    return settings, channels, fitted


def encoder_of(
    weights: ForeignWeights, *, heads: int | None = None, image_size: int | None = None
) -> tuple[EncoderSettings, int, Encoder]:
    """The encoder that a file was trained with, its colour channels, and its shapes without a byte of memory.

    Args:
        weights: The file.
        heads: See ``fit_to_itself``.
        image_size: See ``fit_to_itself``.

    Raises:
        CheckpointError: If it cannot be built, or is not what the configuration beside the file names.
        SettingsError: If the heads must be said.
    """
    asked = heads or weights.beside.heads or None
    settings, channels = infer_encoder(weights.tensors, heads=asked, known_heads=weights.known.heads)
    if image_size is not None:
        settings = settings.model_copy(update={"image_size": image_size})
    channels = channels if channels in (1, 3) else 3
    with torch.device("meta"):  # only the shapes are needed, unless the file lacks something
        shapes = _make(settings, channels, weights.read.reading)
    weights.beside.verify(shapes)
    return settings, channels, shapes


def _make(settings: EncoderSettings, channels: int, reading: Reading) -> Encoder:
    encoder = make_encoder(settings, channels=channels)
    if isinstance(encoder, ViTEncoder):
        encoder.read_by(reading)
    return encoder
