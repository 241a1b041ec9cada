"""Files of ``torch.save``, new and old, as trees of plain values and tensors."""

import mmap
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import CheckpointError
from engine.foreign.inert_pickle import Unpickled, UnreadablePickleError, read_pickle
from engine.foreign.opened_file import Stretch, damaged, map_file, refuse_others
from engine.foreign.stand_ins import StandIn, StorageRecord, TensorRecord
from engine.foreign.torch_archive import Span, check_sums, read_members
from engine.foreign.torch_pickle import ITEM_BYTES, MAKERS, storage_record

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
_COUNT = struct.Struct("<q")
_UNFINISHED = object()


@dataclass(frozen=True)
class TorchFile:
    """What a file holds, before its tensors are looked at.

    Args:
        path: Where it is.
        content: Plain values, ``TensorRecord`` for tensors, stand-ins for everything else.
        strangers: What its pickle names beside tensors and plain values.
        mapped: The file's bytes.
        spans: Key of a storage -> where its bytes lie.
    """

    path: Path
    content: Any
    strangers: tuple[str, ...]
    mapped: mmap.mmap
    spans: Mapping[str, tuple[int, int]]

    def tensor(self, record: TensorRecord, place: str) -> Tensor:
        """The tensor of a record; it shares the file's private memory.

        Args:
            record: What the file says of it.
            place: Where it is in the file, for the person.

        Raises:
            CheckpointError: If it is of a kind that cannot be used, or claims more than the file has of it.
        """
        if record.odd or record.storage is None:
            raise self._no_ordinary(place, record.odd)
        size = ITEM_BYTES[record.dtype]
        first, length = self._bytes_of(record.storage, place)
        if not _fits(record, length // size):
            raise self._no_ordinary(place, "larger than what the file stores of it")
        dtype = getattr(torch, record.dtype)
        if 0 in record.shape:
            return torch.empty((0,), dtype=dtype)
        raw = torch.frombuffer(self.mapped, dtype=torch.uint8, count=length // size * size, offset=first)
        if raw.data_ptr() % size:  # torch writes numbers at addresses that processors like, others may not
            raw = raw.clone()
        return raw.view(dtype).as_strided(record.shape, record.strides, record.offset)

    def _bytes_of(self, storage: StorageRecord, place: str) -> tuple[int, int]:
        """First byte and length of a storage, or of the view of one."""
        start, length = self.spans.get(storage.key, (0, -1))
        size = ITEM_BYTES.get(storage.dtype, 1)
        if length < (storage.first + storage.count) * size:
            raise self._no_ordinary(place, "larger than what the file stores of it")
        return start + storage.first * size, storage.count * size

    def _no_ordinary(self, place: str, odd: str) -> CheckpointError:
        reason = f" ({odd})" if odd else ""
        return CheckpointError(
            f"'{place}' in {self.path.name} is no ordinary tensor{reason}.", "Choose a file of plain weights."
        )


def _fits(record: TensorRecord, stored: int) -> bool:
    """Whether every element lies in the storage, and no more are claimed than are there."""
    if min((record.offset, *record.shape, *record.strides), default=0) < 0:
        return False
    count, last = 1, record.offset
    for size, stride in zip(record.shape, record.strides, strict=True):
        count *= size
        last += (size - 1) * stride
    return count == 0 or (count <= stored and last < stored)


def read_torch(path: Path) -> TorchFile:
    """Read a file that ``torch.save`` wrote, or a bare pickle; nothing of it is run.

    Raises:
        CheckpointError: If it is missing, damaged, or something else than weights.
    """
    content = map_file(path)
    refuse_others(path, content)
    try:
        if content[:4] == b"PK\x03\x04":
            return _read_archive(path, content)
        return _read_legacy(path, content)
    except (UnreadablePickleError, struct.error) as problem:
        raise damaged(path) from problem
    except MemoryError as problem:
        raise CheckpointError(
            f"{path.name} asks for more memory than there is.", "Choose a smaller file."
        ) from problem


def _read_archive(path: Path, content: mmap.mmap) -> TorchFile:
    members = read_members(path, content)
    check_sums(path, members, content)
    order = members.get("byteorder", Span(0, 0, 0))
    _check_order(path, is_little=content[order.start : order.start + order.length] in (b"", b"little"))
    pickled = members["data.pkl"]
    content.seek(pickled.start)
    found = read_pickle(Stretch(content, pickled.start + pickled.length), MAKERS, storage_record)
    spans = {
        name.removeprefix("data/"): (span.start, span.length)
        for name, span in members.items()
        if name.startswith("data/")
    }
    return TorchFile(path, found.content, found.strangers, content, spans)


def _read_legacy(path: Path, content: mmap.mmap) -> TorchFile:
    """Files of torch 0.1.10 to 1.5 are pickles one after the other, then the storages; others are one pickle."""
    storages: dict[str, StorageRecord] = {}

    def remember(asked: Any) -> Any:
        found = storage_record(asked)
        if isinstance(found, StorageRecord):
            storages.setdefault(found.key, found)
        return found

    def next_pickle() -> Unpickled:
        return read_pickle(Stretch(content, len(content)), MAKERS, remember)

    content.seek(0)
    first = next_pickle()
    if first.content != LEGACY_MAGIC:
        return TorchFile(path, first.content, first.strangers, content, {})
    if next_pickle().content != LEGACY_PROTOCOL:
        raise damaged(path)
    about = next_pickle().content
    _check_order(path, is_little=not isinstance(about, dict) or about.get("little_endian") is not False)
    found, keys = next_pickle(), next_pickle().content
    spans = _legacy_spans(content, keys, storages)
    return TorchFile(path, found.content, found.strangers, content, spans)


def _legacy_spans(
    content: mmap.mmap, keys: Any, storages: Mapping[str, StorageRecord]
) -> dict[str, tuple[int, int]]:
    """Where each storage lies behind the pickles: its length, then its numbers."""
    if not isinstance(keys, list):
        raise UnreadablePickleError("it has no list of storages")
    spans: dict[str, tuple[int, int]] = {}
    place = content.tell()
    for key in map(str, keys):
        (count,) = _COUNT.unpack(content[place : place + _COUNT.size])
        size = ITEM_BYTES.get(storages[key].dtype, 1) if key in storages else 0
        place += _COUNT.size
        if not size or count < 0 or place + count * size > len(content) or key in spans:
            raise UnreadablePickleError("a storage is cut off")
        spans[key] = (place, count * size)
        place += count * size
    return spans


def _check_order(path: Path, *, is_little: bool) -> None:
    if not is_little:
        raise CheckpointError(
            f"{path.name} was written on a computer that orders bytes the other way round.",
            "Save it again on a usual computer.",
        )


def with_tensors(file: TorchFile, tensor: Callable[[Tensor], Tensor]) -> Any:
    """The content with its tensors in place: dictionaries, lists, tuples and plain values, as they were saved.

    Args:
        file: Without strangers.
        tensor: What becomes of each tensor, such as a copy on a device.

    Raises:
        CheckpointError: If something in it is no plain value, or nested beyond all measure.
    """
    made: dict[int, Any] = {}  # a value that is there twice is made once, and one that holds itself never

    def plain(value: Any, place: str) -> Any:
        if not isinstance(value, TensorRecord | StandIn | dict | list | tuple):
            return value
        if id(value) not in made:
            made[id(value)] = _UNFINISHED
            made[id(value)] = parts_of(value, place)
        if made[id(value)] is _UNFINISHED:
            raise damaged(file.path)
        return made[id(value)]

    def parts_of(value: Any, place: str) -> Any:
        if isinstance(value, TensorRecord):
            return tensor(file.tensor(value, place))
        if isinstance(value, dict):  # ordered ones stay what they are
            return type(value)((key, plain(part, f"{place}/{key}")) for key, part in value.items())
        if isinstance(value, list | tuple):
            return type(value)(plain(part, f"{place}/{number}") for number, part in enumerate(value))
        raise damaged(file.path)

    try:
        return plain(file.content, "")
    except RecursionError as problem:
        raise damaged(file.path) from problem
