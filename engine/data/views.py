"""What one picture becomes: crops, flips and the plain view that evaluation sees.

Pictures are (C, H, W) uint8 tensors. Every draw comes from the generator that is passed in.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from engine.data.decode import Picture
from engine.data.distortion import Distortion

# (top, left, height, width) in pixels.
Box = tuple[int, int, int, int]

# Tries of torchvision.transforms.RandomResizedCrop before it falls back to a centre crop.
CROP_TRIES = 10
WHOLE_UP_TO = 32  # px; pictures as small as CIFAR's are evaluated whole

# Of pictures longer than so many times their shorter side, only the middle is enlarged: a line of 65,500 x 1 px would
# take gigabytes, of which all but a square is cut off.
LONGEST = 16

UNDISTORTED = Distortion()


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
    that do not fit, the largest centred crop with an allowed ratio. Always takes the same number of draws.

    Args:
        height: Of the picture, pixels.
        width: Of the picture, pixels.
        rng: Source of the draws.
        scale: Smallest and largest share of the area.
        ratio: Smallest and largest width / height.
    """
    log_low, log_high = math.log(ratio[0]), math.log(ratio[1])
    for share, shape, down, right in rng.random((CROP_TRIES, 4)).tolist():
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
    """Resize (C, H, W) uint8 with an antialiased bicubic filter (Pillow's, within 2 levels).

    A picture, or a part of one, whose memory is laid out pixel by pixel stays so.
    """
    if picture.shape[1:] == (height, width):
        return picture
    channels, rows, columns = picture.shape
    if picture.stride(0) == 1 and picture.stride(2) == channels:
        # A batch of one in the layout that torch knows as channels-last; "picture[None]" is not recognised as such
        # where the picture is a part of a larger one, and is copied to and fro: a third to a half of the time.
        strides = (picture.stride(1) * rows, *picture.stride())
        batch = picture.as_strided((1, channels, rows, columns), strides, picture.storage_offset())
    else:
        batch = picture[None]
    return interpolate(batch, size=(height, width), mode="bicubic", antialias=True)[0]


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
class View:
    """One random view of a picture: a part of it, resized, mirrored and distorted.

    Args:
        size: Side of the result, pixels.
        scale: Smallest and largest share of the picture's area.
        ratio: Smallest and largest width / height of the part.
        flip: Share of the views that are mirrored left to right.
        distortion: Of the colours and the sharpness; none by default.
    """

    size: int
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5
    distortion: Distortion = UNDISTORTED

    def __call__(self, picture: Tensor, rng: np.random.Generator) -> Tensor:
        """Return (C, size, size) uint8 of a picture (C, H, W) uint8; always takes the same number of draws."""
        part, drawn = self._draw(picture, rng)
        return _planes(self.distortion.apply(part, drawn))

    def undistorted(self, picture: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """The same view before it is distorted, and what was drawn for that, for the device to do.

        Returns:
            (C, size, size) uint8 and (len(Drawn),) float32.
        """
        part, drawn = self._draw(picture, rng)
        return _planes(part), torch.from_numpy(drawn)

    def _draw(self, picture: Tensor, rng: np.random.Generator) -> tuple[Picture, NDArray[np.float32]]:
        _, height, width = picture.shape
        top, left, h, w = random_resized_crop_box(height, width, rng, scale=self.scale, ratio=self.ratio)
        mirrored = rng.random() < self.flip
        drawn = self.distortion.draw(rng)
        part = resize(picture[:, top : top + h, left : left + w], self.size, self.size)
        pixels = np.ascontiguousarray(part.permute(1, 2, 0).numpy())
        if mirrored:
            pixels = cv2.flip(pixels, 1).reshape(pixels.shape)  # OpenCV drops a single channel
        return pixels, drawn


def _planes(pixels: Picture) -> Tensor:
    """From (H, W, C) to a contiguous (C, H, W), in a fifth of the time that torch takes."""
    planes = np.empty((pixels.shape[2], *pixels.shape[:2]), np.uint8)
    cv2.split(pixels, list(planes))
    return torch.from_numpy(planes)


@dataclass(frozen=True)
class EvalView:
    """The plain view features are computed from: shorter side to 256/224 of the size, then the centre.

    The proportion is that of the official evaluation code of DINO and MAE. Up to 32 px nothing is cut off the
    shorter side, as is usual for CIFAR. The longer side and the place of the centre are rounded as torchvision's Resize
    and CenterCrop round them, with which the official code and timm do the same.

    Args:
        image_size: Side of the result, pixels.
    """

    image_size: int

    @property
    def resized(self) -> int:
        """Shorter side before the centre is cut out, pixels."""
        size = self.image_size
        return size if size <= WHOLE_UP_TO else round(size * 256 / 224)

    def __call__(self, picture: Tensor) -> Tensor:
        """Return (C, image_size, image_size) uint8."""
        size, shorter = self.image_size, self.resized
        picture = _less_long(picture)
        _, height, width = picture.shape
        h, w = (shorter * side // min(height, width) for side in (height, width))
        resized = resize(picture, h, w)
        top, left = (round((side - size) / 2) for side in (h, w))
        return resized[:, top : top + size, left : left + size].contiguous()


def _less_long(picture: Tensor) -> Tensor:
    """The middle of a very long picture, (C, H, W)."""
    _, height, width = picture.shape
    most = LONGEST * min(height, width)
    top, left = max(height - most, 0) // 2, max(width - most, 0) // 2
    return picture[:, top : top + most, left : left + most]
