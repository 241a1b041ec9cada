"""From uint8 pictures to what a network sees, on the device, and back."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
UNIT_MEAN = (0.0, 0.0, 0.0)  # leaves pictures in 0..1, as SimCLR does
UNIT_STD = (1.0, 1.0, 1.0)
HALF = (0.5, 0.5, 0.5)  # BEiT and timm's augreg weights, as mean and as std
NORMALISATIONS: Mapping[Literal["imagenet", "unit", "half"], tuple[Sequence[float], Sequence[float]]] = {
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
    "unit": (UNIT_MEAN, UNIT_STD),
    "half": (HALF, HALF),
}
"""Name in a recipe -> mean and standard deviation."""


def name_of(normalise: "Normalise") -> Literal["imagenet", "unit", "half", ""]:
    """What a recipe calls it; empty for one without a name."""
    for name, (mean, std) in NORMALISATIONS.items():
        known = Normalise(normalise.mean.numel(), mean, std)
        if torch.equal(known.mean, normalise.mean.cpu()) and torch.equal(known.std, normalise.std.cpu()):
            return name
    return ""


class Normalise(nn.Module):
    """Subtract a mean and divide by a standard deviation, both of pictures in 0..1.

    The defaults are ImageNet's, which MAE, BYOL and DINO use on every data set; grey pictures take their averages.

    Args:
        channels: 1 or 3.
        mean: A number per channel.
        std: A number per channel.
    """

    def __init__(
        self, channels: int = 3, mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD
    ) -> None:
        super().__init__()
        if channels == 1 and len(mean) == 3:
            mean, std = [sum(mean) / 3], [sum(std) / 3]
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalise (B, C, H, W) uint8 to fp32."""
        return (pictures.float() / 255 - self.mean) / self.std

    def undo(self, images: Tensor) -> Tensor:
        """Bring normalised (B, C, H, W) back to uint8 pictures."""
        pictures = (images.float() * self.std + self.mean) * 255
        return pictures.round().clamp(0, 255).to(torch.uint8)
