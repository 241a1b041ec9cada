"""Distort one picture as a vector of drawn parameters says; the fast way, with OpenCV on (H, W, C) uint8.

Operations that are linear in the colours wait in one matrix and are done together, for as long as none of them could
leave 0..255: the methods cut there after each operation, and what is cut does not come back.
"""

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.data.decode import Picture
from engine.data.drawn import BRIGHTNESS, CONTRAST, HUE, ORDERS, SATURATION, Drawn, blur_radius

Matrix = NDArray[np.float64]

# ITU-R 601, as Pillow's mode L and torchvision.
LUMA = np.array([0.299, 0.587, 0.114])


def distort(picture: Picture, drawn: NDArray[np.float32]) -> Picture:
    """Do to a picture (H, W, C) uint8 what was drawn; a new array, or the same where nothing was drawn."""
    values = drawn.tolist()
    colours = _Colours(picture)
    if values[Drawn.ORDER] >= 0:
        _jitter(colours, values)
    if values[Drawn.GREY]:
        colours.saturate(0.0)
    changed = colours.settled()
    if values[Drawn.SIGMA]:
        changed = blurred(changed, values[Drawn.SIGMA], values[Drawn.TAPS])
    if values[Drawn.THRESHOLD] < 256:
        changed = solarized(changed, int(values[Drawn.THRESHOLD]))
    return changed if changed.ndim == 3 else changed[:, :, None]  # OpenCV drops a single channel


def _jitter(colours: "_Colours", values: list[float]) -> None:
    brightness, contrast, saturation = (
        values[i] for i in (Drawn.BRIGHTNESS, Drawn.CONTRAST, Drawn.SATURATION)
    )
    form = int(values[Drawn.FORM])
    order = ORDERS[int(values[Drawn.ORDER])]
    for place, operation in enumerate(order):
        if operation == BRIGHTNESS and form == 1:
            colours.shift(255 * brightness)
        elif operation == BRIGHTNESS:
            colours.scale(brightness)
        elif operation == CONTRAST:
            colours.contrast(contrast, per_channel=form != 0)
        elif operation == SATURATION and form == 0:
            colours.saturate(saturation)
        elif form == 0:
            colours.turn(values[Drawn.HUE], 1.0)
        elif operation == SATURATION and order[place - 1 : place] != (HUE,):
            # Where hue follows, both are done at once; they do not touch each other.
            follows = order[place + 1 : place + 2] == (HUE,)
            colours.turn(values[Drawn.HUE] if follows else 0.0, saturation)
        elif operation == HUE and order[place - 1 : place] != (SATURATION,):
            follows = order[place + 1 : place + 2] == (SATURATION,)
            colours.turn(values[Drawn.HUE], saturation if follows else 1.0)


class _Colours:
    """A picture and the linear change of its colours that still waits: a (C, C + 1) matrix, the last column added."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.channels = picture.shape[2]
        self._waiting: Matrix | None = None
        self._mean: Matrix | None = None  # of the picture without the change

    def mean(self) -> Matrix:
        """Mean of each channel after the change that waits."""
        if self._mean is None:
            self._mean = np.array((*cv2.mean(self.picture)[: self.channels], 1.0))
        return self._mean[:-1] if self._waiting is None else self._waiting @ self._mean

    def settled(self) -> Picture:
        """Make the change that waits and return the picture."""
        if self._waiting is not None:
            self.picture = _levels(cv2.transform(self.picture, self._waiting))
            self._waiting = self._mean = None
        return self.picture

    def scale(self, factor: float) -> None:
        """Multiply all levels."""
        if factor != 1:
            self._waiting = self._matrix() * factor
            self._cut(factor)

    def shift(self, levels: float) -> None:
        """Add to all levels."""
        if levels:
            self._waiting = self._matrix()
            self._waiting[:, -1] += levels
            self.settled()

    def contrast(self, factor: float, *, per_channel: bool) -> None:
        """Scale the distance to the mean of the grey picture, or of each channel."""
        if factor != 1:
            mean = self.mean()
            middle = mean if per_channel or self.channels == 1 else float(LUMA @ mean)
            self._waiting = self._matrix() * factor
            self._waiting[:, -1] += (1 - factor) * middle
            self._cut(factor)

    def saturate(self, factor: float) -> None:
        """Scale the distance to the grey picture; 0 makes it grey."""
        if factor != 1 and self.channels == 3:
            matrix = self._matrix()
            self._waiting = factor * matrix + (1 - factor) * (LUMA @ matrix)
            self._cut(factor)

    def _matrix(self) -> Matrix:
        return np.eye(self.channels, self.channels + 1) if self._waiting is None else self._waiting

    def _cut(self, factor: float) -> None:
        """Up to 1, a factor mixes colours of 0..255 into colours of 0..255; beyond, the change is made and cut."""
        if factor > 1:
            self.settled()

    def turn(self, turns: float, saturation: float) -> None:
        """Shift the hue and scale the saturation of HSV, cut at 1."""
        if self.channels != 3 or (turns == 0 and saturation == 1):
            return
        hsv: Any = cv2.cvtColor(self.settled().astype(np.float32), cv2.COLOR_RGB2HSV)
        if turns:
            hsv[:, :, 0] += 360 * (turns % 1)  # conversion back takes angles above 360, none below 0
        if saturation != 1:
            hsv[:, :, 1] *= saturation
        if saturation > 1:
            np.minimum(hsv[:, :, 1], 1, out=hsv[:, :, 1])
        self.picture = _levels(cv2.convertScaleAbs(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)))
        self._mean = None


def blurred(picture: Picture, sigma: float, taps: float) -> Picture:
    """Blur (H, W, C) with a Gaussian of ``sigma`` pixels and at most ``taps`` taps per axis (0: no limit)."""
    radius = blur_radius(sigma, taps)
    if not radius:
        return picture
    kernel = cv2.getGaussianKernel(2 * radius + 1, sigma, cv2.CV_32F)
    return _levels(cv2.sepFilter2D(picture, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE))


def solarized(picture: Picture, threshold: int) -> Picture:
    """Invert the levels from ``threshold`` on."""
    if threshold == 128:
        return _levels(cv2.min(picture, cv2.bitwise_not(picture)))  # the same, in a sixth of the time
    return np.where(picture < threshold, picture, 255 - picture)


def _levels(made: NDArray[Any]) -> Picture:
    """Say that what was made of uint8 is uint8, which OpenCV's own types leave open."""
    return cast(Picture, made)
