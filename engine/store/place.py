"""Where a store lives: its address, its file, and the folder of its runs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

import psutil
from platformdirs import user_data_path
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import StoreError

# WAL needs memory shared by all readers and writers, which these file systems do not give (sqlite.org/wal.html).
_NETWORK_FILE_SYSTEMS = (
    "nfs",
    "cifs",
    "smb",
    "afpfs",
    "webdav",
    "davfs",
    "fuse.sshfs",
    "fuse.rclone",
    "glusterfs",
    "ceph",
)
# "sqlite://", "postgresql+psycopg://": a path may hold "://" as well, but does not begin so.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*://|://")


class Mount(Protocol):
    """What is asked of a mounted file system; psutil's partitions answer it."""

    @property
    def mountpoint(self) -> str:
        """Folder it is mounted at."""

    @property
    def fstype(self) -> str:
        """Kind of file system, such as ext4."""

    @property
    def opts(self) -> str:
        """Options, comma separated; Windows says ``remote`` here."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store lives.

    Args:
        url: Address that SQLAlchemy understands.
        path: The database file, None for a database server.
        folder: Where the files of runs are kept unless the store has another folder, see ``identity.py``.
    """

    url: URL
    path: Path | None
    folder: Path


def default_location() -> Path:
    """Return where the store lives when nobody says otherwise."""
    return user_data_path("ssl-studio", appauthor=False) / "store.sqlite"


def find_place(location: str | Path | None) -> Place:
    """Understand a path or an address.

    Args:
        location: Path of the database file, an SQLAlchemy URL, or None for the default.

    Raises:
        StoreError: The address is malformed or names no file.
    """
    if location is None:
        location = default_location()
    if isinstance(location, str) and _ADDRESS.match(location):
        return _place_of_url(location)
    path = _absolute(location)
    return Place(URL.create("sqlite", database=str(path)), path, _files_of(path, location))


def network_file_system(folder: Path, mounts: Sequence[Mount] | None = None) -> str:
    """Name the network file system that a folder is on, or return an empty string.

    Args:
        folder: An existing folder.
        mounts: Mounted file systems; by default those of this computer.
    """
    if str(folder).startswith("\\\\"):
        return "smb"
    if mounts is None:
        mounts = psutil.disk_partitions(all=True)
    holding = [mount for mount in mounts if folder.is_relative_to(mount.mountpoint)]
    if not holding:
        return ""
    mount = max(holding, key=lambda each: len(each.mountpoint))
    is_network = mount.fstype.lower().startswith(_NETWORK_FILE_SYSTEMS) or "remote" in mount.opts.split(",")
    return mount.fstype if is_network else ""


def _absolute(location: str | Path) -> Path:
    """Return the file behind a path; a link stands for what it points to, as it does for SQLite.

    Raises:
        StoreError: There is no such path on any disk.
    """
    try:
        path = Path(location).expanduser().absolute()
        return path.resolve() if path.is_symlink() else path
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(
            f"'{location}' is no path: {error}.", "Give the path of a file with --store."
        ) from error


def _files_of(path: Path, location: str | Path) -> Path:
    """Return the usual folder of a store; one beside a link to it is its own where it was kept there before."""
    usual, named = _files_beside(path), _files_beside(Path(location).expanduser().absolute())
    return named if named.is_dir() and not usual.is_dir() else usual


def _files_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}-files")


def _place_of_url(location: str) -> Place:
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            f"The address '{location}' of the store is not understood.",
            "Give the path of a file, or an address such as sqlite:////home/me/store.sqlite.",
        ) from error
    if url.get_backend_name() != "sqlite":
        folder = user_data_path("ssl-studio", appauthor=False) / f"{url.database or 'store'}-files"
        return Place(url, None, folder)
    if not url.database or url.database == ":memory:":
        raise StoreError(
            "A store in memory would be gone with the window, and no worker could see it.",
            "Give the path of a file with --store.",
        )
    if not url.query:
        path = _absolute(url.database)
        return Place(url.set(database=str(path)), path, _files_of(path, url.database))
    path = _absolute(unquote(url.database.removeprefix("file:")))
    return Place(url, path, _files_beside(path))
