"""Rows as records of the types that they promise; a damaged file may hold anything in any cell."""

import functools
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import StoreError

T = TypeVar("T")
LATEST_MOMENT = 253_402_300_799.0  # the end of the year 9999, beyond which no date can be written
_MOMENTS = ("_at", "_since", "wall")


def read_record(kind: type[T], row: Mapping[Any, Any]) -> T:
    """Make a record of a row.

    Args:
        kind: A data class; a field that is an ``Enum`` is made of its value.
        row: Name of the field -> value.

    Raises:
        StoreError: A value is not of the type of its field.
    """
    wrong = wrong_fields(kind, row)
    if wrong:
        name = kind.__name__.lower()
        raise damaged_row(f"{name} {row.get('id', row.get('name', ''))}".strip(), wrong)
    return kind(**{name: _to_enum(kind, name, value) for name, value in row.items()})


def wrong_fields(kind: type, row: Mapping[Any, Any]) -> list[str]:
    """Name the fields of a row whose values are not of the types that the data class declares."""
    checks = _checks(kind)
    return [name for name, value in row.items() if not checks[name](value)]


def damaged_row(what: str, wrong: list[str]) -> StoreError:
    """An error that names a row and its cells that cannot be read."""
    return StoreError(
        f"The store is damaged: of {what} it cannot read {', '.join(wrong)}.",
        "Put back a copy of the store; the weights in its folder are not touched.",
    )


def _to_enum(kind: type, name: str, value: Any) -> Any:
    declared = _hints(kind)[name]
    return declared(value) if isinstance(declared, type) and issubclass(declared, Enum) else value


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@functools.cache
def _checks(kind: type) -> dict[str, Callable[[Any], bool]]:
    return {field.name: _check(field.name, _hints(kind)[field.name]) for field in fields(kind)}


def _check(name: str, declared: Any) -> Callable[[Any], bool]:
    """Make the question whether a value is of a declared type."""
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin in (types.UnionType, typing.Union):
        inner = _check(name, next(each for each in arguments if each is not types.NoneType))
        return lambda value: value is None or inner(value)
    if origin is list:
        item = _check(name, arguments[0])
        return lambda value: isinstance(value, list) and all(map(item, value))
    if origin is dict:
        item = _check("", arguments[1])
        return lambda value: isinstance(value, dict) and all(map(item, value.values()))
    if declared is float:
        is_moment = name.endswith(_MOMENTS)
        return lambda value: _is_number(value) and (not is_moment or 0 <= value <= LATEST_MOMENT)
    if declared is Any:
        return lambda _: True
    if issubclass(declared, Enum):
        return lambda value: value in declared.__members__.values()
    if issubclass(declared, Path):
        return lambda value: isinstance(value, Path | str) and "\0" not in str(value)
    return lambda value: isinstance(value, declared) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer of a JSON cell that no float can hold
        return False
