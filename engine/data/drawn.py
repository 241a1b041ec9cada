"""The vector of parameters that was drawn for the distortion of one view, as both of its stages know it."""

from enum import IntEnum
from itertools import permutations
from typing import Literal

Form = Literal["torchvision", "byol", "simclr"]
FORMS: tuple[Form, ...] = ("torchvision", "byol", "simclr")

# The four operations of a jitter, as numbers; ORDERS lists the sequences they may come in.
BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
ORDERS = tuple(permutations((BRIGHTNESS, CONTRAST, SATURATION, HUE)))


class Drawn(IntEnum):
    """Places in the vector of drawn parameters, float32 of length ``len(Drawn)``.

    The vector says all there is to do, so that the second stage needs nothing else.
    """

    #: Place in ``ORDERS``; -1 when the colours stay.
    ORDER = 0
    #: Factor; in the form "byol" what is added, as a share of full white.
    BRIGHTNESS = 1
    #: Factors.
    CONTRAST = 2
    SATURATION = 3
    #: Shift of the hue in turns, -0.5 to 0.5.
    HUE = 4
    #: Place in ``FORMS``.
    FORM = 5
    #: 1 makes the picture grey.
    GREY = 6
    #: Standard deviation of the blur in pixels; 0 when there is none.
    SIGMA = 7
    #: Taps of the blur at most; 0 for as many as sigma needs.
    TAPS = 8
    #: Levels from here on are inverted; 256 when there is no solarization.
    THRESHOLD = 9


# Beyond so many standard deviations a Gaussian weighs less than a quarter of a level.
BLUR_REACH = 3.3


def blur_radius(sigma: float, taps: float) -> int:
    """Pixels that a blur of ``sigma`` reaches to each side, with ``taps`` per axis at most (0: no limit)."""
    radius = int(BLUR_REACH * sigma + 0.5)
    return min(radius, int(taps) // 2) if taps else radius
