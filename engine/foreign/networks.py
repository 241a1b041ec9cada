"""The tensors of what a file holds, by their places: of dictionaries, of lists, and of whole pickled networks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.errors import CheckpointError
from engine.foreign.stand_ins import StandIn, TensorRecord
from engine.foreign.torch_file import TorchFile

MOST_PLACES = 50_000
DEEPEST = 24


def tensor_records(file: TorchFile) -> Iterator[tuple[str, TensorRecord]]:
    """Every tensor by its place: keys of tables joined by "/", parts of a network by ".", as its state dict does.

    Raises:
        CheckpointError: If the file multiplies or contains itself.
    """
    count = 0
    waiting: list[_Found] = [_Found("", file.content, 0)]
    while waiting:
        found = waiting.pop()
        count += 1
        if count > MOST_PLACES or found.depth > DEEPEST:
            raise CheckpointError(
                f"{file.path.name} is nested like no network's weights.", "Choose a file of plain weights."
            )
        if isinstance(found.value, TensorRecord):
            yield found.place, found.value
        else:
            waiting += reversed(_parts(found))


@dataclass(frozen=True)
class _Found:
    """A value by its place.

    Args:
        place: Where it is.
        value: What it is.
        depth: In how many others it is.
        joint: What stands between its place and the names of its parts.
    """

    place: str
    value: Any
    depth: int
    joint: str = "/"

    def part(self, name: Any, value: Any, joint: str = "/") -> "_Found":
        return _Found(
            f"{self.place}{self.joint}{name}" if self.place else str(name), value, self.depth + 1, joint
        )


def _parts(found: _Found) -> list[_Found]:
    """What is inside a value; only what may hold tensors."""
    value = found.value
    if isinstance(value, StandIn):
        if network := _network_parts(found, value):
            return network
        value = value.items
    if isinstance(value, dict):
        pairs: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list | tuple):
        pairs = enumerate(value)
    else:
        return []
    return [
        found.part(name, part)
        for name, part in pairs
        if isinstance(part, TensorRecord | StandIn | dict | list | tuple)
    ]


def _network_parts(found: _Found, network: StandIn) -> list[_Found]:
    """Parameters, buffers and children of a pickled network, as its ``state_dict`` names them."""
    own = [
        found.part(name, part)
        for table in ("_parameters", "_buffers")
        for name, part in network.part(table).items()
        if isinstance(part, TensorRecord)
    ]
    children = [
        found.part(name, part, ".")
        for name, part in network.part("_modules").items()
        if isinstance(part, StandIn)
    ]
    return own + children
