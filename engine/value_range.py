"""Which values of a picture deeper than 8 bits are black and white: one range for a whole set.

A file of 16 bits may hold 12 of a camera, a floating point file shares, levels or degrees. Which, no single picture
tells: read by its own largest value, each would be stretched by another factor.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.errors import SettingsError

Limits = tuple[float, float]

AUTO = "auto"
SIXTEEN_BIT: Limits = (0.0, 65535.0)
UNIT: Limits = (0.0, 1.0)
NAMED: dict[str, Limits] = {
    "8bit": (0.0, 255.0),
    "10bit": (0.0, 1023.0),
    "12bit": (0.0, 4095.0),
    "14bit": (0.0, 16383.0),
    "16bit": SIXTEEN_BIT,
    "unit": UNIT,
    "minus-one-one": (-1.0, 1.0),
}
FORMS = f"{AUTO}, {', '.join(NAMED)}, or two numbers LOW:HIGH such as 0:4095"

# Resizing with a sharp filter and rounding go this much over 0..1, and the values are still shares.
OVERSHOOT = 0.1
# Values that fill less than this share of a range were not made for it.
LEAST_SHARE = 1 / 8

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_TEXT = re.compile(rf"({_NUMBER}):({_NUMBER})(?:,\s*fractions ({_NUMBER}):({_NUMBER}))?")


@dataclass(frozen=True)
class ValueRange:
    """What becomes black and white; values outside are cut.

    Args:
        integers: Lowest and highest value of pictures of whole numbers.
        fractions: The same of floating point pictures.
    """

    integers: Limits
    fractions: Limits

    def limits(self, *, are_integers: bool) -> Limits:
        """The range of one kind of values."""
        return self.integers if are_integers else self.fractions

    def __str__(self) -> str:
        text = _text(self.integers)
        return text if self.integers == self.fractions else f"{text}, fractions {_text(self.fractions)}"


def parse_value_range(text: str) -> ValueRange | None:
    """Read a range as the setting and a run write it; None for "auto".

    Raises:
        SettingsError: For anything else, with ``data.value_range`` as its field.
    """
    plain = text.strip().lower()
    if plain == AUTO:
        return None
    if plain in NAMED:
        return ValueRange(NAMED[plain], NAMED[plain])
    found = _TEXT.fullmatch(plain)
    numbers = [float(number) for number in found.groups() if number] if found else []
    integers, fractions = tuple(numbers[:2]), tuple(numbers[2:] or numbers[:2])
    if not numbers or not all(map(math.isfinite, numbers)) or integers[0] >= integers[1]:
        raise _refusal(text)
    if fractions[0] >= fractions[1]:
        raise _refusal(text)
    return ValueRange((integers[0], integers[1]), (fractions[0], fractions[1]))


def range_of_values(integers: Iterable[Limits], fractions: Iterable[Limits]) -> ValueRange:
    """Find the range that the lowest and highest values of some pictures were made for.

    Args:
        integers: Lowest and highest value of each picture of whole numbers.
        fractions: The same of floating point pictures.
    """
    whole, parts = _spanned(integers), _spanned(fractions)
    found_whole = _range_of_integers(*whole) if whole else None
    found_parts = _range_of_fractions(*parts) if parts else None
    if found_whole and not found_parts:
        return ValueRange(found_whole, found_whole)
    if found_parts and not found_whole:
        return ValueRange(found_parts, found_parts)
    return ValueRange(found_whole or SIXTEEN_BIT, found_parts or UNIT)


def _spanned(limits: Iterable[Limits]) -> Limits | None:
    found = list(limits)
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _range_of_integers(low: float, high: float) -> Limits:
    depths = [limits for name, limits in NAMED.items() if name.endswith("bit")]
    made_for = next((limits for limits in depths if low >= 0 and high <= limits[1]), None)
    return _filled(made_for, low, high)


def _range_of_fractions(low: float, high: float) -> Limits:
    if low >= -OVERSHOOT and high <= 1 + OVERSHOOT:
        return _filled(UNIT, low, high)
    if low >= -1 - OVERSHOOT and high <= 1 + OVERSHOOT:
        return _filled(NAMED["minus-one-one"], low, high)
    # Levels of 8 or 16 bit, kept as floating point numbers.
    levels = (NAMED["8bit"], SIXTEEN_BIT)
    made_for = next((limits for limits in levels if low >= 0 and limits[1] / 2 < high <= limits[1]), None)
    return _filled(made_for, low, high)


def _filled(made_for: Limits | None, low: float, high: float) -> Limits:
    """The range itself or, where the values do not fill it or there is none, the values' own."""
    if made_for and (high == low or high - low >= LEAST_SHARE * (made_for[1] - made_for[0])):
        return made_for
    rounded = float(f"{low:.6g}"), float(f"{high:.6g}")
    if rounded[0] < rounded[1]:
        return rounded
    return (low, high) if low < high else (low, low + 1)


def _text(limits: Limits) -> str:
    return ":".join(f"{limit:.17g}" if limit % 1 else f"{limit:.0f}" for limit in limits)


def _refusal(text: str) -> SettingsError:
    return SettingsError(
        f"'{text}' is no range of values.", f"Write one of {FORMS}.", field="data.value_range"
    )
