"""What takes the place of every object of a pickle that is no plain value: it remembers, and does nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Name:
    """A class or function that a pickle names; it is never looked up.

    Args:
        module: Dotted name of its module, Python 3's where Python 2 had another.
        name: Its name in there.
    """

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class StandIn:
    """An object that a pickle would make.

    Args:
        of: What would have been called, as text.
        arguments: What it would have been called with.
        state: What it would have been given as its state.
        items: What would have been put under keys.
        elements: What would have been appended or added.
    """

    of: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)

    def part(self, name: str) -> Mapping[Any, Any]:
        """A table of the state, such as a network's ``_parameters``; empty where there is none."""
        found = self.state.get(name) if isinstance(self.state, dict) else None
        if isinstance(found, StandIn):
            return found.items
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class StorageRecord:
    """Numbers that a torch file keeps apart from its pickle.

    Args:
        key: What the file calls them.
        dtype: Kind of number as torch calls it, such as "float32"; "uint8" for untyped bytes.
        count: How many there are.
        first: Number of the first one inside the storage ``key`` (a view of old files).
    """

    key: str
    dtype: str
    count: int
    first: int = 0


@dataclass(frozen=True, eq=False)
class TensorRecord:
    """A tensor as a torch file describes it; nothing of it was checked yet.

    Args:
        storage: Where its numbers are.
        offset: Number of its first element in there.
        shape: Sizes.
        strides: Steps between neighbours along each axis, in elements.
        dtype: Kind of number.
        odd: What makes it no ordinary tensor ("sparse", "quantised"); empty for ordinary ones.
    """

    storage: StorageRecord | None
    offset: int = 0
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    dtype: str = ""
    odd: str = ""
