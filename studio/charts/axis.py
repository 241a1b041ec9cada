"""Axes of a chart: whole steps with their thousands apart, and 1-2-5 on logarithmic ones. The maths is pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise, product
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from typing_extensions import override

Level = tuple[float, list[float]]
"""What pyqtgraph takes: a distance, and the places of the ticks that have it."""

LABEL_ACROSS, LABEL_DOWN = 64, 22  # pixels that a label needs with the air around it
OVER = 10  # pixels that half a label reaches over the end of its axis
AIR, DIGIT = 20, 8  # pixels between labels, and of a digit
DIGITS = ((1, 2, 5), (1, 3))
"""What is labelled in a power of ten, where there is room."""
MOST_POWER = 300  # floats end a little above
FEW = 2
LABELS_AT_FIRST = 12


def log_ticks(low: float, high: float, most: int) -> tuple[list[float], list[float]]:
    """Ticks of a logarithmic axis that are far enough apart to be read.

    Args:
        low: Lower end of what is in sight, as a logarithm to base 10.
        high: Upper end.
        most: So many labels have room.

    Returns:
        Places with a label and places without one, as logarithms: 1-2-5 in each power of ten where there is room, else
        the powers, else every second, third ... of them; even steps where the axis shows less than a power of ten.
    """
    low, high = max(low, -MOST_POWER), min(high, MOST_POWER)
    if high <= low:
        return [], []
    # Labels must stand so far apart, as logarithms.
    gap = (high - low) / max(most, 1)
    powers = range(math.floor(low), math.ceil(high) + 1)
    minor = _in_sight(powers, range(1, 10), low, high)
    for digits in DIGITS:
        labelled = _in_sight(powers, digits, low, high)
        if gap <= _closest(digits) and len(labelled) > (FEW if high - low < 1 else FEW - 1):
            return labelled, minor
    stride = max(math.ceil(gap), 1)
    labelled = _in_sight(powers[-powers[0] % stride :: stride], (1,), low, high)
    if len(labelled) >= FEW:
        return labelled, minor if stride == 1 else _in_sight(powers, (1,), low, high)
    return _even_ticks(low, high, gap), minor


def step_ticks(low: float, high: float, most: int) -> list[float]:
    """Whole, not negative places on an axis of steps, 1-2-5 apart.

    Args:
        low: First step in sight.
        high: Last step in sight.
        most: So many labels have room.
    """
    distance = max(round(_distance(low, high, most)), 1)
    ticks = _whole_places(low, high, distance)
    if len(ticks) < FEW and distance > 1:
        # One label tells no scale, and leaves room for those of the next finer distance.
        ticks = _whole_places(low, high, max(round(_distance(0.0, distance * 0.4, 1)), 1))
    return ticks


def _whole_places(low: float, high: float, distance: int) -> list[float]:
    first = math.ceil(max(low, 0.0) / distance) * distance
    return [float(place) for place in range(first, math.floor(high) + 1, distance)]


def _steps_across(high: float, size: float) -> int:
    """How many labels of steps have room: short ones take less."""
    return max(int(size // min(LABEL_ACROSS, AIR + DIGIT * len(tick_words(math.floor(high))))), 1)


def tick_words(value: float) -> str:
    """A value beside an axis, short and without rounding it away: "0.02", "1,000", "5e-4", "2e6"."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:,.10g}" if abs(value) < 1000 else f"{value:,.0f}"
    mantissa, exponent = f"{value:.6e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


class StepAxis(pg.AxisItem):
    """The axis of steps: they are whole and never negative."""

    def __init__(self) -> None:
        super().__init__("bottom")

    @override
    def boundingRect(self) -> QRectF:
        """At the lower end there is room for half a label, at the upper one the chart ends and would cut it."""
        return QRectF(super().boundingRect()).adjusted(-OVER, 0, 0, 0)

    @override
    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Level]:
        low, high = sorted((minVal, maxVal))
        if not self.logMode:
            return [(1.0, step_ticks(low, high, _steps_across(high, size)))]
        most = max(int(size // LABEL_ACROSS), 1)
        return _levels(log_ticks(low, high, most), lambda place: _is_whole(10**place))

    @override
    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return _strings(values, is_log=self.logMode, is_labelled=spacing > 0)


class ValueAxis(pg.AxisItem):
    """The axis of values."""

    def __init__(self) -> None:
        super().__init__("left")

    @override
    def boundingRect(self) -> QRectF:
        """Labels at the ends reach over the axis; pyqtgraph leaves out those that do on an axis with a grid."""
        return QRectF(super().boundingRect()).adjusted(0, -OVER, 0, OVER)

    @override
    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:
        low, high = sorted((minVal, maxVal))
        most = max(int(size // LABEL_DOWN), 1)
        if self.logMode:
            return _levels(log_ticks(low, high, most), lambda _place: True)
        distance = _distance(low, high, most)
        first, last = math.ceil(low / distance), math.floor(high / distance)
        return [(distance, [number * distance for number in range(first, last + 1)])]

    @override
    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return _strings(values, is_log=True, is_labelled=spacing > 0)
        digits = max(-math.floor(math.log10(spacing)), 0) if spacing > 0 else 0
        return [tick_words(round(value, digits + 1)) for value in values]


def _distance(low: float, high: float, most: int) -> float:
    """1, 2 or 5 times a power of ten, so that at most so many fit between two values."""
    rough = max((high - low) / max(most, 1), 1e-300)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))


def _even_ticks(low: float, high: float, gap: float) -> list[float]:
    """Evenly spaced values, as logarithms, that are at least ``gap`` apart where they crowd: at the upper end."""
    bottom, top = 10.0**low, 10.0**high
    distance = _distance(bottom, top, LABELS_AT_FIRST)
    while distance < top and math.log10(top / (top - distance)) < gap:
        distance = _distance(0.0, distance * 1.5, 1)
    first, last = math.ceil(bottom / distance), math.floor(top / distance)
    ticks = [math.log10(number * distance) for number in range(max(first, 1), last + 1)]
    # No two round numbers far enough apart: the ends are, whatever they are.
    return ticks if len(ticks) >= FEW else [low, high]


def _closest(digits: tuple[int, ...]) -> float:
    """Smallest distance between neighbours of a series such as 1, 2, 5, 10, as logarithms."""
    row = [math.log10(digit) for digit in (*digits, 10)]
    return min(after - before for before, after in pairwise(row))


def _in_sight(powers: Iterable[int], digits: Iterable[int], low: float, high: float) -> list[float]:
    places = [power + math.log10(digit) for power, digit in product(powers, digits)]
    return [place for place in places if low - 1e-9 <= place <= high + 1e-9]


def _is_whole(value: float) -> bool:
    return value > 0.5 and abs(value - round(value)) < 1e-6 * value


def _levels(ticks: tuple[list[float], list[float]], is_wanted: Callable[[float], bool]) -> list[Level]:
    """Labelled ticks at a positive distance, those without a label at none: ``tickStrings`` is told only that."""
    labelled, minor = ([place for place in places if is_wanted(place)] for places in ticks)
    return [(1.0, labelled), (0.0, [place for place in minor if place not in labelled])]


def _strings(values: Sequence[float], *, is_log: bool, is_labelled: bool) -> list[str]:
    if not is_labelled:
        return ["" for _ in values]
    return [tick_words(float(f"{10**value:.6g}") if is_log else value) for value in values]
