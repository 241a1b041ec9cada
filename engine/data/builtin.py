"""Sets that are always there: no download, no files."""

from collections.abc import Callable

from engine.data.digits import DigitSet
from engine.data.picture_set import PictureSet
from engine.data.shapes import ShapeSet
from engine.errors import DataError

BUILTIN_PREFIX = "builtin:"

BUILTIN_SETS: dict[str, Callable[[], PictureSet]] = {"shapes": ShapeSet, "digits": DigitSet}


def open_builtin(location: str) -> PictureSet:
    """Open ``builtin:shapes`` or ``builtin:digits``."""
    name = location.removeprefix(BUILTIN_PREFIX)
    if name not in BUILTIN_SETS:
        known = " and ".join(BUILTIN_PREFIX + known for known in BUILTIN_SETS)
        raise DataError(f"There is no built-in set '{name}'.", f"The built-in sets are {known}.")
    return BUILTIN_SETS[name]()
