"""Decoded pictures in one memory-mapped file, so that no epoch but the first decodes them.

Pictures are kept whole, level by level as they were read: views, and with them results, are the same with and without
a cache. A file is complete or absent: it is written beside and renamed. Free of torch.

Layout: ``MAGIC``, the number of pictures n, an index of n rows (offset, height, width) in int64 with height 0 for
pictures that are not in it, then the pixels.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.data.decode import Picture
from engine.data.picture_set import PictureSet, SetInfo
from engine.data.range_search import FoundRange
from engine.errors import DataError

MAGIC = b"SSLPICS1"
SUFFIX = ".pictures"
HEAD = len(MAGIC) + 8
ROW = 3 * 8

# Pictures that are decoded ahead of the one being written, at most.
CHUNK = 64

# Told of pictures done and pictures in all; True gives up.
OnCached = Callable[[int, int], bool]
Index = NDArray[np.int64]


class CachedSet(PictureSet):
    """A set whose pictures are looked up in a cache file first; small enough for loader processes.

    Args:
        pictures: Where pictures come from that are not in the file.
        file: A complete cache file of this set.
    """

    def __init__(self, pictures: PictureSet, file: Path) -> None:
        of = pictures
        super().__init__(SetInfo(of.name, of.location, of.kind, of.splits, of.classes, of.labels, of.notes))
        self._pictures, self._file = pictures, file
        self._index, self._pixels = _map(file)
        self._channels = int(file.stem.split("-")[1])

    def __getstate__(self) -> dict[str, Any]:
        """A loader process maps the file itself."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_index", "_pixels")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._index, self._pixels = _map(self._file)

    @property
    def found_range(self) -> FoundRange:
        """That of the set itself."""
        return self._pictures.found_range

    def path(self, index: int) -> Path | None:
        """File of a picture."""
        return self._pictures.path(index)

    def read(self, index: int, channels: int = 3) -> Picture:
        """Look the picture up or, where it is not cached, read it."""
        offset, height, width = self._index[index].tolist()
        if not height or channels != self._channels:
            return self._pictures.read(index, channels)
        end = offset + height * width * channels
        return self._pixels[offset:end].reshape(height, width, channels)

    def describe(self, index: int) -> str:
        """Say which picture this is."""
        return self._pictures.describe(index)

    def fingerprint(self) -> str:
        """That of the set itself."""
        return self._pictures.fingerprint()


def open_cache(pictures: PictureSet, folder: Path, *, channels: int) -> CachedSet | None:
    """Open the cache of a set; None when there is none, or when it is not whole."""
    file = _file_of(pictures, folder, channels)
    try:
        cached = CachedSet(pictures, file)
        file.touch()  # the longest unused goes first
    except (OSError, ValueError):
        return None
    return cached


def build_cache(
    pictures: PictureSet,
    indices: Index,
    folder: Path,
    *,
    channels: int,
    most_bytes: int,
    threads: int = 1,
    on_progress: OnCached,
) -> CachedSet | None:
    """Decode pictures into a new cache file; other sets' files go, the longest unused first, where room is needed.

    Args:
        pictures: The set.
        indices: Which of its pictures to keep.
        folder: Where caches lie.
        channels: 1 or 3.
        most_bytes: All caches of the folder together stay within it.
        threads: Pictures that are decoded at a time.
        on_progress: Told of pictures done and all; returns True to give up.

    Returns:
        The set with its cache, or None when it was given up.

    Raises:
        DataError: When the pictures do not fit the bound or the disk; nothing is left behind.
    """
    file = _file_of(pictures, folder, channels)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        with part.open("wb") as out:
            written = _write(out, pictures, indices, (channels, most_bytes, threads), on_progress)
        if written:
            _make_room(folder, most_bytes - written, file)
            part.replace(file)
        return CachedSet(pictures, file) if written else None
    except OSError as error:
        raise DataError(
            f"The decoded pictures cannot be kept in {folder}: {error.strerror or error}.",
            "The run decodes them anew in every epoch; free some space to save that.",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _write(
    out: BinaryIO,
    pictures: PictureSet,
    indices: Index,
    limits: tuple[int, int, int],
    on_progress: OnCached,
) -> int:
    """Write a whole file; returns its bytes, 0 when given up."""
    channels, most_bytes, threads = limits
    index = np.zeros((len(pictures), 3), np.int64)
    offset = HEAD + index.nbytes
    out.seek(offset)
    for done, (number, picture) in enumerate(_decoded(pictures, indices, channels, threads), start=1):
        if picture is not None:
            index[number] = offset, picture.shape[0], picture.shape[1]
            offset += picture.nbytes
            if offset > most_bytes:
                raise DataError(
                    f"The decoded pictures need more than the {most_bytes / 2**30:.1f} GiB allowed.",
                    "The run decodes them anew in every epoch; allow more for the cache to save that.",
                )
            out.write(np.ascontiguousarray(picture).data)
        if on_progress(done, len(indices)):
            return 0
    out.seek(0)
    out.write(MAGIC + len(index).to_bytes(8, "little") + index.astype("<i8").tobytes())
    out.flush()
    os.fsync(out.fileno())
    return offset


def _decoded(
    pictures: PictureSet, indices: Index, channels: int, threads: int
) -> Iterator[tuple[int, Picture | None]]:
    """Numbers and pictures in order; None for those that cannot be read, whose reason the run tells."""

    def read(number: int) -> Picture | None:
        try:
            return pictures.read(number, channels)
        except DataError:
            return None

    with ThreadPoolExecutor(max(1, threads)) as pool:
        for start in range(0, len(indices), CHUNK):
            numbers = indices[start : start + CHUNK].tolist()
            yield from zip(numbers, pool.map(read, numbers), strict=True)


def expected_bytes(pictures: PictureSet, sample: Iterable[int], channels: int) -> float:
    """Mean bytes of a decoded picture, from those of a sample that can be read; 0 when none can."""
    decoded = _decoded(pictures, np.array(list(sample), np.int64), channels, 1)
    sizes = [picture.nbytes for _, picture in decoded if picture is not None]
    return float(np.mean(sizes)) if sizes else 0.0


def _map(file: Path) -> tuple[Index, Picture]:
    """Index and bytes of a cache file; ``ValueError`` when it is not whole."""
    # Copy on write: torch wants memory that may be written, and the file must stay as it is.
    pixels: Picture = np.memmap(file, np.uint8, mode="c")
    if pixels[: len(MAGIC)].tobytes() != MAGIC:
        raise ValueError("no cache of pictures")
    count = int.from_bytes(pixels[len(MAGIC) : HEAD].tobytes(), "little")
    index = np.frombuffer(pixels[HEAD : HEAD + count * ROW].tobytes(), "<i8").reshape(count, 3)
    channels = int(file.stem.split("-")[1])
    if (index[:, 0] + index[:, 1] * index[:, 2] * channels).max(initial=0) > len(pixels):
        raise ValueError("the cache is cut off")
    return index.astype(np.int64), np.asarray(pixels)


def _file_of(pictures: PictureSet, folder: Path, channels: int) -> Path:
    """Content and dates of the files name the cache: what was changed in place gets a new one."""
    state = hashlib.blake2b(pictures.fingerprint().encode(), digest_size=16)
    if pictures.value_range is not None:  # other levels would be other pictures
        state.update(str(pictures.value_range).encode() + b"\n")
    for number in range(len(pictures)):
        path = pictures.path(number)
        with suppress(OSError, ValueError):
            state.update(str(path.stat().st_mtime_ns if path else 0).encode() + b"\n")
    return folder / f"{state.hexdigest()}-{channels}{SUFFIX}"


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that are gone were writing."""
    for part in folder.glob(f"*{SUFFIX}.*.part"):
        pid = part.name.split(".")[-2]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            with suppress(OSError):
                part.unlink()


def _make_room(folder: Path, room: int, keep: Path) -> None:
    """Remove the longest unused caches until the others fit into ``room`` bytes."""
    others = [(file.stat(), file) for file in folder.glob(f"*{SUFFIX}") if file != keep]
    others.sort(key=lambda found: found[0].st_mtime)
    used = sum(stat.st_size for stat, _ in others)
    for stat, file in others:
        if used <= room:
            return
        with suppress(OSError):  # Windows keeps a file that another run has open
            file.unlink()
            used -= stat.st_size
