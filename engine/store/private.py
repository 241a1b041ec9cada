"""What is kept of a person's runs is theirs alone: no other user of the computer may read it.

Windows gives files the rights of their folder, which in a person's own place are theirs already: nothing is done.
"""

import os
from contextlib import suppress
from pathlib import Path

FILE, FOLDER = 0o600, 0o700
_OTHERS = 0o077


def make_private_file(path: Path) -> bool:
    """Make an empty file that only its owner may read; False when there is one already, which is left alone.

    Raises:
        OSError: It cannot be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))
    except FileExistsError:
        return False
    return True


def private_opener(path: str, flags: int) -> int:
    """For ``open(..., opener=private_opener)``: a file that is made is its owner's alone."""
    return os.open(path, flags, FILE)


def tighten(path: Path) -> bool:
    """Take the rights of others from a file or folder of ours; True when they had any.

    The file is not opened: that would drop the locks of a database, see ``hold.py``.
    """
    if os.name != "posix":
        return False
    with suppress(OSError):
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
            path.chmod(found.st_mode & 0o7777 & ~_OTHERS)
            return True
    return False


def tighten_tree(folder: Path) -> None:
    """Take the rights of others from a folder, and from all inside where the folder was open to them."""
    if not tighten(folder):
        return
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            inside = Path(place, name)
            if not inside.is_symlink():
                tighten(inside)


def write_privately() -> None:
    """Let everything that this process makes from now on be its owner's alone; for processes that train."""
    os.umask(os.umask(_OTHERS) | _OTHERS)
