"""What a picture passes and how the network is read, wherever features are taken: one definition for all of it.

k-NN on the way, looks inside, embeddings, every exported file and its model card read it; a picture then gives the same
features wherever it is shown to the network.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.data.views import EvalView
from engine.nn.encoder import Encoder, Pooling
from engine.nn.normalise import Normalise
from engine.nn.vit import ViTEncoder
from engine.recipe import Recipe
from engine.value_range import AUTO

READINGS = {
    "cls": "the class token after the last norm",
    "mean": "the mean of the patches after the last norm",
    "normed mean": "the mean of the patches, then normed",
    "places": "the mean over places of the last layer",
}
DIGITS = 6  # of a mean or a deviation: what fp32 keeps of a number below 1


@dataclass(frozen=True)
class EvaluationView:
    """The view without chance, what is done to its values, and how the network gives one vector.

    Args:
        size: Side of what the network sees, px.
        channels: C, 1 or 3.
        mean: Per channel, of pictures in 0..1.
        std: Per channel, of pictures in 0..1.
        pooling: "cls" or "mean".
        reading: What a vector is, one of ``READINGS``.
        deep_range: Values of pictures deeper than 8 bits that are made black and white, as a recipe writes them; empty
            where the pictures that the run was trained on were none.
    """

    size: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    pooling: Pooling
    reading: str
    deep_range: str = ""

    interpolation: ClassVar[str] = "bicubic"
    antialias: ClassVar[bool] = True
    crop_mode: ClassVar[str] = "center"
    value_range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    precision: ClassVar[str] = "fp32"

    @property
    def picture(self) -> EvalView:
        """What makes (C, size, size) uint8 of a picture (C, H, W) uint8."""
        return EvalView(self.size)

    @property
    def resized(self) -> int:
        """Shorter side before the centre is cut out, px."""
        return self.picture.resized

    @property
    def crop_share(self) -> float:
        """Size over resized side, as timm's ``crop_pct``: timm rounds size / crop_pct down, and gets ``resized``."""
        share = self.size / self.resized
        return share if math.floor(self.size / share) == self.resized else math.nextafter(share, 0.0)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of what the network sees."""
        return self.channels, self.size, self.size

    @property
    def timm_pool(self) -> str:
        """What timm calls the way to one vector."""
        return "token" if self.pooling == "cls" else "avg"

    @property
    def words(self) -> str:
        """What to do with a picture file, as a sentence."""
        cut = "the whole square" if self.resized == self.size else f"the central {self.size} x {self.size} px"
        kind = "grey" if self.channels == 1 else "RGB"
        deep = (
            f"values deeper than 8 bits become levels by the range {self.deep_range}; "
            if self.deep_range
            else ""
        )
        return (
            f"Pictures are read as {kind}, turned as their EXIF says and laid on white where they are transparent; "
            f"{deep}the shorter side is resized to {self.resized} px ({self.interpolation}, antialiased), {cut} is "
            f"taken, values are brought to 0..1, then minus {_numbers(self.mean)} and divided by {_numbers(self.std)}. "
            f"Scores were measured with this view in {self.precision}."
        )

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values, for headers of files."""
        return {
            "channels": self.channels,
            "resize shorter side": self.resized,
            "interpolation": self.interpolation,
            "antialias": self.antialias,
            "crop": [self.size, self.size],
            "crop mode": self.crop_mode,
            "range of values deeper than 8 bits": self.deep_range,
            "value range": list(self.value_range),
            "mean": list(self.mean),
            "std": list(self.std),
            "pooling": self.pooling,
            "features": READINGS[self.reading],
            "precision": self.precision,
        }


def view_of(encoder: Encoder, recipe: Recipe, normalise: Normalise) -> EvaluationView:
    """The view under which an encoder is evaluated.

    Args:
        encoder: Its pooling is the one that its method, or the import, set.
        recipe: What it was trained with: size and range of its pictures.
        normalise: What pictures pass before it.
    """
    mean, std = (_plain(values.flatten().tolist()) for values in (normalise.mean, normalise.std))
    pooling, reading = _reading(encoder)
    deep_range = "" if recipe.data.value_range == AUTO else recipe.data.value_range
    size = recipe.encoder.image_size
    return EvaluationView(size, encoder.channels, mean, std, pooling, reading, deep_range)


def _reading(encoder: Encoder) -> tuple[Pooling, str]:
    if not isinstance(encoder, ViTEncoder):
        return "mean", "places"
    if encoder.pooling == "mean" and encoder.norms_after_pooling:
        return "mean", "normed mean"
    return encoder.pooling, encoder.pooling


def _plain(values: list[float]) -> tuple[float, ...]:
    return tuple(round(value, DIGITS) for value in values)


def _numbers(values: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
