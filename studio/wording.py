"""Numbers as a person reads them: durations, shares, sizes, values. Pure functions."""

import math
import re
import time

NOTHING = "\u2013"
"""What stands where there is no value."""

LONGEST_STEM = 60
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration(seconds: float) -> str:
    """Say a duration with its two largest units: "3 min 12 s", "2 h 5 min", "4 d 1 h".

    Args:
        seconds: Any length; below a second it is said in milliseconds.
    """
    if not math.isfinite(seconds):
        return "unknown"
    if 0 < seconds < 1:
        return f"{round(seconds * 1000)} ms"
    whole = max(round(seconds), 0)
    if whole < _MINUTE:
        return f"{whole} s"
    for large, large_name, small, small_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= large:
            first, rest = divmod(whole, large)
            second = rest // small
            return f"{first} {large_name} {second} {small_name}" if second else f"{first} {large_name}"
    return f"{whole} s"


def rough_duration(seconds: float) -> str:
    """Say a duration that is only an estimate with one unit: "12 s", "3 min", "2 h"."""
    whole = max(round(seconds), 0)
    if whole < 90:
        return f"{whole} s"
    if whole < 90 * _MINUTE:
        return f"{round(whole / _MINUTE)} min"
    if whole < 2 * _DAY:
        return f"{round(whole / _HOUR)} h"
    return f"{round(whole / _DAY)} d"


def ago(moment: float, now: float | None = None) -> str:
    """Say how long ago a moment was: "just now", "3 min ago", or its date when that is longer than a day.

    Args:
        moment: Unix seconds.
        now: Unix seconds; the clock when left out.
    """
    passed = (time.time() if now is None else now) - moment
    if passed < 10:
        return "just now"
    if passed < _DAY:
        return f"{rough_duration(passed)} ago"
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def shortened(name: str, most: int = 48) -> str:
    """Shorten a name that stands in the middle of a sentence; its beginning and its end stay.

    Args:
        name: Any name.
        most: At most so many characters.
    """
    if len(name) <= most:
        return name
    tail = most // 3
    return f"{name[: most - tail - 1]}…{name[-tail:]}"


def file_stem(name: str, otherwise: str = "run") -> str:
    """A name as a part of a path on any system: letters, digits, dashes; short enough for a file system.

    Args:
        name: Any name.
        otherwise: What is taken where nothing of the name is left.
    """
    return re.sub(r"[^\w-]+", "-", name).strip("-_")[:LONGEST_STEM].strip("-_") or otherwise


def percent(share: float, digits: int = 1) -> str:
    """Say a share of 0..1 in percent: "42.0 %"."""
    return f"{100 * share:.{digits}f} %" if math.isfinite(share) else "not a number"


def value(number: float, digits: int = 3) -> str:
    """Say a number with three significant digits, very small and very large ones in powers of ten."""
    if math.isnan(number):
        return "not a number"
    if math.isinf(number):
        return "infinite"
    if number == 0:
        return "0"
    size = abs(number)
    if size < 1e-3 or size >= 1e6:
        mantissa, exponent = f"{number:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    if size >= 10 ** (digits - 1):
        return f"{number:,.0f}"
    return f"{number:.{digits - 1 - math.floor(math.log10(size))}f}"


def count(number: int) -> str:
    """Say a whole number with thin groups: "12,345"."""
    return f"{number:,}"


def size(num_bytes: float) -> str:
    """Say a file's size in SI units: "3.2 MB"."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if num_bytes < 1000 or unit == "TB":
            return f"{num_bytes:.0f} {unit}" if unit == "B" else f"{num_bytes:.3g} {unit}"
        num_bytes /= 1000
    return ""


def counted(number: int, singular: str, plural: str = "") -> str:
    """Say how many: "1 alarm", "2 alarms", "no alarms"."""
    word = singular if number == 1 else plural or f"{singular}s"
    return f"{count(number) if number else 'no'} {word}"
