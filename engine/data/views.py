"""What one picture becomes: crops, flips and the plain view that evaluation sees.

Pictures are (C, H, W) uint8 tensors. Every draw comes from the generator that is passed in.
"""

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn.functional import interpolate

# (top, left, height, width) in pixels.
Box = tuple[int, int, int, int]

# Tries of torchvision.transforms.RandomResizedCrop before it falls back to a centre crop.
CROP_TRIES = 10


def random_resized_crop_box(
    height: int,
    width: int,
    rng: np.random.Generator,
    *,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> Box:
    """Draw a crop the way torchvision's RandomResizedCrop does.

    Area uniform in ``scale`` of the picture's, aspect ratio log-uniform in ``ratio``, place uniform; after ten tries
    that do not fit, the largest centred crop with an allowed ratio.

    Args:
        height: Of the picture, pixels.
        width: Of the picture, pixels.
        rng: Source of the draws.
        scale: Smallest and largest share of the area.
        ratio: Smallest and largest width / height.
    """
    log_low, log_high = math.log(ratio[0]), math.log(ratio[1])
    for _ in range(CROP_TRIES):
        share, shape, down, right = rng.random(4).tolist()
        area = height * width * (scale[0] + (scale[1] - scale[0]) * share)
        aspect = math.exp(log_low + (log_high - log_low) * shape)
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return int(down * (height - h + 1)), int(right * (width - w + 1)), h, w
    return _centre_box(height, width, ratio)


def _centre_box(height: int, width: int, ratio: tuple[float, float]) -> Box:
    h, w = height, width
    if width / height < ratio[0]:
        h = max(1, round(width / ratio[0]))
    elif width / height > ratio[1]:
        w = max(1, round(height * ratio[1]))
    return (height - h) // 2, (width - w) // 2, h, w


def resize(picture: Tensor, height: int, width: int) -> Tensor:
    """Resize (C, H, W) uint8 with an antialiased bicubic filter (Pillow's, within 2 levels)."""
    if picture.shape[1:] == (height, width):
        return picture
    return interpolate(picture[None], size=(height, width), mode="bicubic", antialias=True)[0]


def random_flip(picture: Tensor, rng: np.random.Generator, probability: float = 0.5) -> Tensor:
    """Mirror (C, H, W) left to right with the given probability; always one draw."""
    return picture.flip(-1) if rng.random() < probability else picture


@dataclass(frozen=True)
class RandomResizedCrop:
    """Cut a random part out of a picture and resize it to a square.

    Args:
        size: Side of the result, pixels.
        scale: Smallest and largest share of the picture's area.
        ratio: Smallest and largest width / height of the part.
    """

    size: int
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)

    def __call__(self, picture: Tensor, rng: np.random.Generator) -> Tensor:
        """Return (C, size, size) uint8."""
        top, left, h, w = random_resized_crop_box(
            picture.shape[1], picture.shape[2], rng, scale=self.scale, ratio=self.ratio
        )
        return resize(picture[:, top : top + h, left : left + w], self.size, self.size)


@dataclass(frozen=True)
class EvalView:
    """The plain view features are computed from: shorter side to 256/224 of the size, then the centre.

    The proportion is that of the official evaluation code of DINO and MAE. Up to 32 px nothing is cut off the
    shorter side, as is usual for CIFAR.

    Args:
        image_size: Side of the result, pixels.
    """

    image_size: int

    def __call__(self, picture: Tensor) -> Tensor:
        """Return (C, image_size, image_size) uint8."""
        size = self.image_size
        shorter = size if size <= 32 else round(size * 256 / 224)
        _, height, width = picture.shape
        factor = shorter / min(height, width)
        h, w = max(shorter, round(height * factor)), max(shorter, round(width * factor))
        resized = resize(picture, h, w)
        top, left = (h - size) // 2, (w - size) // 2
        return resized[:, top : top + size, left : left + size].contiguous()
