"""Notices that the files of an open store are not those that were opened.

SQLite goes on writing into a file or a log that was deleted under it, and all of that is lost. Another program may
delete the log when this process has lost its locks on the database: closing the file by any other way than its
connection drops them, see ``hold.py``.
"""

import os
from collections.abc import Callable
from pathlib import Path

from engine.errors import StoreGoneError

_File = tuple[int, int]  # device and inode
SMALLEST_PAGE = 512


class FileGuard:
    """Remembers which files a store has open.

    Args:
        path: The database file; it exists.
        folder: Where the files of runs are, named in errors.
        size_in_use: Gives the bytes that the database says it has.
    """

    def __init__(self, path: Path, folder: Path, size_in_use: Callable[[], int]) -> None:
        self._path, self._folder, self._size_in_use = path, folder, size_in_use
        self._file = _look(path)
        self._log_path = Path(f"{path}-wal")
        self._log: _File | None = None
        self._size = path.stat().st_size

    def watch_log(self) -> None:
        """Remember the write-ahead log as well, once a connection has opened it."""
        self._log = _look(self._log_path)

    def check(self) -> None:
        """Look at the files; costs some microseconds.

        Raises:
            StoreGoneError: One of them was deleted, replaced or cut short.
        """
        try:
            found = os.stat(self._path)
        except OSError:
            raise self._gone("was deleted or moved away while it was open", _PUT_BACK) from None
        if (found.st_dev, found.st_ino) != self._file:
            raise self._gone("was replaced by another file while it was open", _OPEN_AGAIN)
        if found.st_size < self._size:
            self._check_size(found.st_size)
        self._size = found.st_size
        if self._log is not None and _look(self._log_path) != self._log:
            raise self._gone(
                "lost its write-ahead log, the file that ends in -wal, to another program", _OPEN_AGAIN
            )

    def _check_size(self, size: int) -> None:
        """Accept a file that was tidied up by another program, and no other that became smaller."""
        if size < SMALLEST_PAGE or size % SMALLEST_PAGE or size < self._size_in_use():
            raise self._gone("was cut short while it was open", _COPY)

    def _gone(self, what: str, fix: str) -> StoreGoneError:
        return StoreGoneError(
            f"The store {self._path} {what}; nothing more is written.", fix.format(folder=self._folder)
        )


_KEPT = "The weights in {folder} are kept."
_PUT_BACK = f"Put it back in its place, or open another store. {_KEPT}"
_OPEN_AGAIN = f"Close every program that has it open, then open it again. {_KEPT}"
_COPY = f"Close every program that has it open and put back a copy. {_KEPT}"


def _look(path: Path) -> _File | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
