"""Files that are written whole or not at all, and that tell when a byte of them changed since."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import CheckpointError

SUFFIX = ".tmp"  # of a file that is being written
PRIVATE = 0o600  # weights learned from a person's pictures are that person's alone
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Seal:
    """What a file was when it was written.

    Args:
        size: Bytes.
        digest: SHA-256 of them, in hexadecimal.
    """

    size: int
    digest: str


class _Hashed:
    """What a writer sees of a file; remembers the first problem, because torch hides it behind one of its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.hash, self.size = file, hashlib.sha256(), 0
        self.problem: OSError | None = None

    def write(self, data: bytes | memoryview) -> int:
        if self.problem is not None:
            raise self.problem
        try:
            written = self._file.write(data)
        except OSError as problem:
            self.problem = problem
            raise
        self.hash.update(data)
        self.size += written
        return written

    def flush(self) -> None:
        self._file.flush()


def write_sealed(
    path: Path, write: Callable[[BinaryIO], None], *, before_replacing: Callable[[], None] = lambda: None
) -> Seal:
    """Write a file so that a crash at any instant leaves the old one or the new one, never a half.

    Args:
        path: Where it goes; the folder exists.
        write: Writes the content, front to back.
        before_replacing: Called once the new file is safe on the disk, just before it takes the old one's place.

    Returns:
        The file's size and digest.

    Raises:
        CheckpointError: When the disk does not take it; nothing is left behind.
    """
    temporary = path.with_suffix(SUFFIX)
    try:
        seal = _write_temporary(temporary, write)
        before_replacing()
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as problem:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(problem, OSError):
            raise _unwritten(path, problem) from problem
        raise
    return seal


def _write_temporary(temporary: Path, write: Callable[[BinaryIO], None]) -> Seal:
    temporary.unlink(missing_ok=True)  # left by a process that was killed
    with _opened_for_us(temporary) as file:
        hashed = _Hashed(file)
        try:
            write(hashed)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        except Exception:
            if hashed.problem is None:
                raise
            # What is still buffered would fail again when the file is closed.
            with suppress(OSError):
                file.close()
            raise hashed.problem from None
    return Seal(hashed.size, hashed.hash.hexdigest())


def _opened_for_us(path: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, PRIVATE), "wb")


def _unwritten(path: Path, problem: OSError) -> CheckpointError:
    reason = reason_of(problem)
    fix = "Look at the disk and the folder, then resume the run."
    if problem.errno in NO_ROOM:
        with suppress(OSError):
            reason += f" ({shutil.disk_usage(path.parent).free / 2**20:,.0f} MiB are free without it)"
        fix = "Free some space, then resume the run."
    elif problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        fix = "Make the folder writable, then resume the run."
    return CheckpointError(
        f"The checkpoint {path.name} could not be written to {path.parent}: {reason}.", fix
    )


def reason_of(problem: OSError) -> str:
    """What the system says was wrong, to stand inside a sentence."""
    words = problem.strerror or str(problem) or type(problem).__name__
    return words[0].lower() + words[1:]


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows has no handle of a folder to sync
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; see ``Seal``.

    Raises:
        OSError: When it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_as_written(path: Path, digest: str) -> bool:
    """Whether a file is there and has the digest that it was written with, where that is known."""
    try:
        return path.is_file() and (not digest or digest_of(path) == digest)
    except OSError:
        return False
