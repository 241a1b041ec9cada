"""Labels of a list: whole numbers and names are classes, measured values are not."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.account import named
from engine.data.picture_set import Indices
from engine.file_names import name_as_text

# Python reads no whole numbers of thousands of digits; nobody numbers classes beyond this.
MOST_DIGITS = 18
# So many different values with fractions are measurements.
MANY_VALUES = 10
LONG_LABEL = 200


@dataclass(frozen=True)
class Labels:
    """Classes of a list.

    Args:
        numbers: Class of each row, -1 without; None when there are no classes.
        classes: Their names, as text.
        warnings: What may be wrong with them.
    """

    numbers: Indices | None
    classes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def read_labels(names: Sequence[str]) -> Labels:
    """Number the classes; labels that are all numbers are sorted as numbers.

    Args:
        names: Label of each row, empty where it is unknown.
    """
    present = sorted({name for name in names if name})
    if not present:
        return Labels(None, ())
    if _are_measured(present, len(names)):
        return Labels(
            None,
            (),
            (
                f"The labels are {len(present):,} different measured values ({named(present)}), not classes; the "
                "pictures are read without labels.",
            ),
        )
    number = {name: i for i, name in enumerate(_in_order(present))}
    classes = tuple(map(name_as_text, number))
    numbers = np.array([number.get(name, -1) for name in names], dtype=np.int64)
    return Labels(numbers, classes, tuple(_doubts(names, present)))


def _in_order(present: list[str]) -> list[str]:
    if all(_is_whole(name) for name in present):
        return sorted(present, key=lambda name: (int(name), name))
    values = {name: _value(name) for name in present}
    if None in values.values():
        return present
    return sorted(present, key=lambda name: (values[name] or 0.0, name))


def _is_whole(name: str) -> bool:
    return name.removeprefix("-").isdecimal() and len(name) <= MOST_DIGITS


def _value(name: str) -> float | None:
    """Number that a label is, None for a name; "nan" and "infinity" are names."""
    try:
        value = float(name) if len(name) <= MOST_DIGITS else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and not name.isalpha() else None


def _are_measured(present: list[str], rows: int) -> bool:
    values = [_value(name) for name in present]
    numbers = [value for value in values if value is not None]
    has_fractions = any(value != int(value) for value in numbers)
    is_many = len(present) >= MANY_VALUES or len(present) * 2 > rows > 4
    return len(numbers) == len(present) and has_fractions and is_many


def _doubts(names: Sequence[str], present: list[str]) -> Iterable[str]:
    labelled = sum(map(bool, names))
    if len(present) * 2 > labelled >= MANY_VALUES:
        yield f"There are {len(present):,} classes for {labelled:,} labelled pictures: are these labels?"
    several = [name for name in present if any(sign in name for sign in "|;,")]
    if len(several) * 2 > len(present) > 2:
        yield f"Labels such as '{name_as_text(several[0])}' may be several; each is read as one class."
    if any(len(name) > LONG_LABEL for name in present):
        yield f"The longest label has {max(map(len, present)):,} letters; each is read as one class."
