"""NumPy's scalars and arrays in a pickle, as plain numbers and as arrays of numbers; objects in them are left out."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.foreign.inert_pickle import Maker, UnreadablePickleError

_NUMBERS = re.compile(r"[<>|=]?[biufc](?:1|2|4|8|16)|\?")


class _Dtype:
    """A kind of number by its code, such as "f8"; the order of bytes comes with its state."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        self.code = code if isinstance(code, str) else ""
        self.order = "="

    def take_state(self, state: Any) -> None:
        """Learn the order of bytes."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "=", "|"):
            self.order = state[1]

    @property
    def known(self) -> "np.dtype[Any] | None":
        """The kind of number; None for objects, texts and records."""
        if not _NUMBERS.fullmatch(self.code):
            return None
        known: np.dtype[Any] = np.dtype(self.code)
        return known.newbyteorder(">") if self.order == ">" else known


class Array:
    """An array that a pickle holds; ``values`` is None until its state came, and for arrays of objects."""

    def __init__(self, *_: Any) -> None:
        self.values: NDArray[Any] | None = None

    def take_state(self, state: Any) -> None:
        """Build the numbers; a state of another form is left out."""
        match state:
            case (int(), tuple() as shape, _Dtype() as dtype, is_fortran, (bytes() | str()) as raw):
                self.values = _numbers(dtype, raw, shape, is_fortran=bool(is_fortran))
            case _:
                self.values = None


def _numbers(
    dtype: _Dtype, raw: bytes | str, shape: tuple[Any, ...], *, is_fortran: bool
) -> NDArray[Any] | None:
    known = dtype.known
    if known is None:
        return None
    content = raw.encode("latin1") if isinstance(raw, str) else raw  # Python 2 wrote texts
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise UnreadablePickleError("an array has no sizes")
    if math.prod(shape) * known.itemsize != len(content):
        raise UnreadablePickleError("an array is not as long as it says")
    return np.frombuffer(content, known).reshape(shape, order="F" if is_fortran else "C")


def _scalar(dtype: Any = None, raw: Any = b"") -> Any:
    """A NumPy number as Python's; None for other scalars."""
    if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes | str):
        return None
    found = _numbers(dtype, raw, (), is_fortran=False)
    return None if found is None else found.item()


def _reconstructed(*_: Any) -> Array:
    return Array()


# The module moved between numpy 1 and 2.
NUMPY: Mapping[tuple[str, str], Maker] = {
    **{
        (module, name): maker
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name, maker in (("_reconstruct", _reconstructed), ("scalar", _scalar))
    },
    **{(module, "_frombuffer"): _reconstructed for module in ("numpy.core.numeric", "numpy._core.numeric")},
    ("numpy", "ndarray"): Array,
    ("numpy", "dtype"): _Dtype,
}
