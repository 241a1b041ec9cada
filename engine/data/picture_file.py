"""Open a file of pictures: the one place where a file that a person or a list named is opened to be decoded.

A folder may hold anything: a pipe that never answers, a link to a device that never ends, a file that claims more
bytes than the memory has. Only regular files (and links to them) of a bounded size are opened, and never more is read
than the size they had then.
"""

import io
import os
import stat
from typing import BinaryIO

from engine.errors import DataError

# As much as the largest picture that is read needs without any compression.
MOST_BYTES = 640 * 2**20
MOST_HELD_BYTES = 64 * 2**20

# What is not there outside POSIX. Without O_NONBLOCK, opening a pipe waits for whoever writes into it.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_picture_file(path: str | os.PathLike[str], *, most_bytes: int = MOST_BYTES) -> tuple[BinaryIO, int]:
    """Open a regular file for reading and say how many bytes it has.

    Args:
        path: The file; a link to one will do.
        most_bytes: Larger files are refused.

    Raises:
        DataError: In words, when there is no such file, it is no regular one, may not be read or is too large.
    """
    try:
        # Before it is opened as well: opening some devices does something.
        _refuse_others(os.stat(path), most_bytes)
        handle = os.open(path, _FLAGS)
    except FileNotFoundError as error:
        raise DataError("The file is not there (moved, or a link that leads nowhere).") from error
    except PermissionError as error:
        raise DataError("The file may not be read.", "Change its permissions.") from error
    except OSError as error:
        raise DataError(f"The file cannot be opened: {error.strerror or error}.") from error
    except ValueError as error:  # a list may name anything
        raise DataError("The name of the file holds a character that no file can have.") from error
    try:
        found = os.fstat(handle)
        _refuse_others(found, most_bytes)
    except DataError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb"), found.st_size


def read_picture_file(path: str | os.PathLike[str], *, most_bytes: int = MOST_BYTES) -> bytes:
    """Read a whole file, see ``open_picture_file``."""
    file, size = open_picture_file(path, most_bytes=most_bytes)
    with file:
        return read_at_most(file, size)


def read_at_most(file: BinaryIO, size: int) -> bytes:
    """Read so many bytes of an open file; ``DataError`` when the disk fails."""
    try:
        return file.read(size)
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror or error}.") from error


def held(file: BinaryIO, size: int) -> BinaryIO:
    """The file in memory where it is small, itself otherwise: its bytes would lie there beside its pixels."""
    return io.BytesIO(read_at_most(file, size)) if size <= MOST_HELD_BYTES else file


def _refuse_others(found: os.stat_result, most_bytes: int) -> None:
    for is_kind, name in _KINDS:
        if is_kind(found.st_mode):
            raise DataError(f"This is {name}, not a file, and cannot be opened as a picture.", "Remove it.")
    if found.st_size > most_bytes:
        raise DataError(
            f"The file claims {found.st_size / 2**20:,.0f} MiB, more than the {most_bytes // 2**20} MiB allowed.",
            "Write it compressed, or in parts.",
        )
