"""Numbers as people write them: read, written and stepped without ever changing a digit that was typed.

Locale-independent: a point is the decimal mark and is always shown; a comma is understood where it can only be a
decimal mark. ``Decimal`` keeps steps exact (1.5e-4 times ten is 1.5e-3, not 0.0015000000000000002).
"""

import math
import re
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
SPACED = re.compile(r"[+-]?\d{1,3}(\s\d{3})+([.,]\d+)?")
PLAIN_FROM, PLAIN_BELOW = Decimal("1e-3"), Decimal("1e6")
SMALLEST_DECADE = Decimal("1e-6")


def read_number(text: str, unit: str = "") -> float:
    """Return the number that the text means; blanks between thousands and the field's own unit are overlooked.

    Args:
        text: What was typed or pasted.
        unit: The unit that stands behind the number, such as "px".

    Raises:
        ValueError: With a sentence for the person when it means none, or could mean two.
    """
    text = text.strip()
    if unit:
        text = text.removesuffix(unit).rstrip()
    if SPACED.fullmatch(text):
        text = re.sub(r"\s", "", text)
    if not text:
        raise ValueError("Enter a number.")
    if GROUPED.fullmatch(text):
        raise ValueError(
            f"Write the number without separators: {text.replace(',', '')} or {text.replace(',', '.')}."
        )
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not NUMBER.fullmatch(text):
        raise ValueError("This is not a number. Write it like 0.05 or 1.5e-4.")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("This number is too large.")
    return number


def read_integer(text: str, unit: str = "") -> int:
    """Return the whole number that the text means; ``1e3`` is one as well.

    Args:
        text: What was typed or pasted.
        unit: The unit that stands behind the number.

    Raises:
        ValueError: With a sentence for the person.
    """
    number = read_number(text, unit)
    if number != int(number):
        raise ValueError("Enter a whole number.")
    return int(number)


def write_number(value: float) -> str:
    """Write a number in as few characters as read back to the same number: ``0.05``, ``40``, ``1.5e-4``."""
    exact = Decimal(repr(value)).normalize()
    if exact == 0:
        return "0"
    if PLAIN_FROM <= abs(exact) < PLAIN_BELOW:
        return f"{exact:f}"
    sign, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)
    head, tail = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' if sign else ''}{head}{'.' + tail if tail else ''}e{exponent + len(digits) - 1}"


def next_decade(value: float, steps: int) -> float:
    """Ten times as much for each step up, a tenth for each step down; from 0 up to one millionth."""
    exact = Decimal(repr(value))
    if exact == 0:
        return float(SMALLEST_DECADE.scaleb(steps - 1)) if steps > 0 else 0.0
    return float(exact.scaleb(steps))


def next_digit(value: float, steps: int) -> float:
    """Step the second significant digit: 0.75 to 0.76, 40 to 41, 0 to 0.1."""
    exact = Decimal(repr(value))
    size = Decimal(1).scaleb(exact.adjusted() - 1) if exact else Decimal("0.1")
    return float(exact + steps * size)
