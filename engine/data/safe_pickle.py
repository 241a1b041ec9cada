"""The pickles of CIFAR: numbers, texts, lists, tables and arrays only, read without running anything."""

from pathlib import Path
from typing import Any

from engine.errors import CheckpointError, DataError
from engine.foreign.inert_numpy import NUMPY, Array
from engine.foreign.inert_pickle import PLAIN, UnreadablePickleError, read_pickle
from engine.foreign.opened_file import Stretch, map_file


def load_pickle(path: Path) -> dict[str, Any]:
    """Read a pickle that holds a table of plain values and numpy arrays.

    Raises:
        DataError: When it cannot be read, is no table, or asks for anything else.
    """
    try:
        content = map_file(path)
    except CheckpointError as error:
        raise DataError(error.message, error.fix) from error
    try:
        found = read_pickle(Stretch(content, len(content)), {**PLAIN, **NUMPY})
    except (UnreadablePickleError, MemoryError) as error:
        raise DataError(f"{path.name} is damaged.", "Download the data set again.") from error
    if found.strangers:
        raise DataError(
            f"The file asks to run '{found.strangers[0]}' and was not opened.",
            "A data set never needs that; download it from where it was published.",
        )
    if not isinstance(found.content, dict):
        return {}
    return {str(key): _values(value) for key, value in found.content.items()}


def _values(value: Any) -> Any:
    return value.values if isinstance(value, Array) else value
