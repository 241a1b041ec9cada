"""Values that somebody typed, as a sentence may quote them: short, on one line, and without a way to fail."""

import reprlib
import sys
from typing import Any

LONGEST = 80  # characters

_shortener = reprlib.Repr()
_shortener.maxstring = _shortener.maxother = LONGEST
_shortener.maxlong = 40  # digits


def shown(value: Any) -> str:
    """A value as Python writes it, shortened in the middle; what cannot be written is described.

    ``repr`` escapes what a terminal would obey, but not every value has one: Python refuses to write numbers of some
    thousand digits, and tables nested too deeply.
    """
    try:
        text = _shortener.repr(value)
    except ValueError:
        return f"a number of more than {sys.get_int_max_str_digits():,} digits"
    return text if len(text) <= 2 * LONGEST else f"{text[:LONGEST]}..."


def shortened(text: str, longest: int = 3 * LONGEST) -> str:
    """A text without its middle where it is long."""
    return text if len(text) <= longest else f"{text[: longest // 2]}...{text[-longest // 2 :]}"
