"""Random changes of a view's colours and sharpness: jitter, greyscale, blur and solarization.

Two stages: ``Distortion.draw`` turns random numbers into a short vector of parameters, ``Distortion.apply`` (or, for a
whole batch on the run's device, ``device_views.distort_batch``) does what a vector says. Free of torch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.colour import distort
from engine.data.decode import Picture
from engine.data.drawn import FORMS, ORDERS, Drawn, Form


@dataclass(frozen=True)
class ColourJitter:
    """Brightness, contrast, saturation and hue change by random amounts, in a random order, cut to 0..255 after each.

    Three forms, which differ as the official codes do:

    - "torchvision" (DINO and most ports): brightness is a factor, contrast works around the mean of the grey
      picture, saturation blends with the grey picture.
    - "byol" (utils/augmentations.py): brightness is *added*, uniform in -b to b of full white; contrast works around
      the mean of each channel; saturation scales S of HSV and cuts it at 1.
    - "simclr" (data_util.py, "simclrv2"): as "byol", but brightness is a factor as in torchvision.

    Args:
        probability: Share of the views that are jittered.
        brightness: b; the factor is uniform in max(0, 1 - b) to 1 + b.
        contrast: The same.
        saturation: The same.
        hue: Largest shift in turns, at most 0.5.
        form: See above.
    """

    probability: float = 0.8
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.2
    hue: float = 0.1
    form: Form = "torchvision"


@dataclass(frozen=True)
class Blur:
    """A Gaussian blur.

    Args:
        probability: Share of the views that are blurred.
        sigma: Smallest and largest standard deviation in pixels, drawn uniformly.
        kernel: Taps per axis at most (odd); SimCLR and BYOL take ``size // 10 | 1``. None takes as many as sigma needs,
            as Pillow does in DINO. Edge pixels are repeated outwards, as Pillow does.
    """

    probability: float = 0.5
    sigma: tuple[float, float] = (0.1, 2.0)
    kernel: int | None = None


@dataclass(frozen=True)
class Distortion:
    """Jitter, greyscale, blur and solarization, in this order, which is that of SimCLR, BYOL and DINO.

    Args:
        jitter: Of the colours; None for none.
        grey: Share of the views that become grey.
        blur: None for none.
        solarize: Share of the views whose bright levels are inverted.
        threshold: Levels from here on are inverted (128: Pillow's and DINO's; 0.5 in BYOL is the same).
    """

    jitter: ColourJitter | None = None
    grey: float = 0.0
    blur: Blur | None = None
    solarize: float = 0.0
    threshold: int = 128

    def draw(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Draw what happens to one view: (len(Drawn),) float32. Always takes the same number of draws."""
        jitter, order, bright, contrast, saturation, hue, grey, blur, sigma, solarize = rng.random(
            10
        ).tolist()
        drawn = [-1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 256.0]
        if self.jitter is not None and jitter < self.jitter.probability:
            of = self.jitter
            drawn[Drawn.ORDER] = int(order * len(ORDERS))
            if of.form == "byol":
                drawn[Drawn.BRIGHTNESS] = of.brightness * (2 * bright - 1)
            else:
                drawn[Drawn.BRIGHTNESS] = _factor(of.brightness, bright)
            drawn[Drawn.CONTRAST] = _factor(of.contrast, contrast)
            drawn[Drawn.SATURATION] = _factor(of.saturation, saturation)
            drawn[Drawn.HUE] = of.hue * (2 * hue - 1)
            drawn[Drawn.FORM] = FORMS.index(of.form)
        drawn[Drawn.GREY] = float(grey < self.grey)
        if self.blur is not None and blur < self.blur.probability:
            low, high = self.blur.sigma
            drawn[Drawn.SIGMA] = low + (high - low) * sigma
            drawn[Drawn.TAPS] = self.blur.kernel or 0
        if solarize < self.solarize:
            drawn[Drawn.THRESHOLD] = self.threshold
        return np.array(drawn, dtype=np.float32)

    def apply(self, picture: Picture, drawn: NDArray[np.float32]) -> Picture:
        """Do to a picture (H, W, C) uint8 what was drawn; a new array, or the same where nothing was drawn.

        Each operation is within 2 levels of torchvision's. A picture with one channel has no hue, no saturation and is
        grey already.
        """
        return distort(picture, drawn)


def _factor(strength: float, share: float) -> float:
    low, high = max(0.0, 1 - strength), 1 + strength
    return low + (high - low) * share
