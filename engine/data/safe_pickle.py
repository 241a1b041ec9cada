"""Read the pickles of CIFAR without letting them run code: numbers, texts, lists, tables and arrays only."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from engine.errors import DataError

# What numpy arrays are made of in a pickle; the module moved between numpy 1 and 2.
_ARRAY_PARTS = frozenset(
    {
        (module, name)
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name in ("_reconstruct", "scalar")
    }
    | {("numpy", "ndarray"), ("numpy", "dtype")}
)


def load_pickle(path: Path) -> Any:
    """Read a pickle that holds plain values and numpy arrays.

    Raises:
        DataError: When it cannot be read, or when it asks for anything else.
    """
    try:
        with path.open("rb") as file:
            return _PlainUnpickler(file, encoding="latin1").load()
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path.name} cannot be opened: {error.strerror}.") from error
    # A damaged pickle can raise nearly anything, as pickle's own documentation says.
    except Exception as error:
        raise DataError(
            f"{path.name} is damaged ({type(error).__name__}).", "Download the data set again."
        ) from error


class _PlainUnpickler(pickle.Unpickler):
    @override
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ARRAY_PARTS:
            return _array_part(name)
        if (module, name) == ("_codecs", "encode"):
            return _encode
        raise DataError(
            f"The file asks to run '{module}.{name}' and was not opened.",
            "A data set never needs that; download it from where it was published.",
        )


def _array_part(name: str) -> Any:
    if name in ("ndarray", "dtype"):
        return getattr(np, name)
    from numpy._core import multiarray

    return getattr(multiarray, name)


def _encode(text: str, encoding: str) -> bytes:
    """What Python 3 writes for bytes in old pickles; other encodings could be made to do work."""
    if encoding != "latin1":
        raise DataError("The file asks for an unusual encoding and was not opened.")
    return text.encode("latin1")
