"""Which store this is, and which folder is its own.

The folder carries a marker with the identity of its store. A store whose file was lost leaves its folder behind, and
no other store ever takes that over: it makes one of another name. A store that is renamed or moved with its folder
finds it again; a copy that lies beside the original becomes a store of its own.
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, insert, select, update

from engine.errors import StoreError
from engine.store.place import Place
from engine.store.private import FOLDER, private_opener, tighten_tree
from engine.store.run_folder import belongs_to, mark_run_folder
from engine.store.tables import ArtifactRow, IdentityRow, RunRow

MARKER = "store.json"
_RUN_COLUMNS = (RunRow.id, RunRow.created_at)


@dataclass(frozen=True, slots=True)
class Marker:
    """What a folder says of itself.

    Args:
        store: Identity of the store.
        file: Name of the database file when it was last opened; empty for a database server.
        folder: The folder's own name at that time: another one tells that it was copied or renamed since.
    """

    store: str
    file: str
    folder: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Where the files of a store are.

    Args:
        folder: Its own folder; it exists.
        note: A sentence for the person, or empty.
        is_changed: Whether rows were written that have to be committed.
    """

    folder: Path
    note: str
    is_changed: bool


def settle_folder(connection: Connection, place: Place, *, is_older: bool) -> Settled:
    """Find the folder of a store or make it, inside the open write transaction of the connection.

    Args:
        connection: Of the store; its tables are up to date.
        place: Where the store was found, with the usual name of its folder.
        is_older: The tables were made before folders had markers, so the usual folder is its own.

    Raises:
        StoreError: The folder cannot be made, or the store says nothing of its identity.
    """
    try:
        return _Settling(connection, place, is_older).settle()
    except OSError as error:
        raise StoreError(
            f"The folder {place.folder} for the files of runs cannot be used: {error.strerror}.",
            "Allow writing beside the store, or choose another place with --store.",
        ) from error


class _Settling:
    """One search for the folder of a store."""

    def __init__(self, connection: Connection, place: Place, is_older: bool) -> None:
        self._connection, self._place, self._is_older = connection, place, is_older
        self._home = (place.path or place.folder).parent
        self._file = place.path.name if place.path is not None else ""
        found = connection.execute(select(IdentityRow.id, IdentityRow.folder)).one_or_none()
        self._id, self._recorded = found or self._begin_identity()
        self._is_changed = found is None

    def settle(self) -> Settled:
        copied_from = None
        for folder in self._candidates():
            marker = read_marker(folder)
            if marker is None or marker.store != self._id:
                continue
            if not self._is_of_another_file(folder, marker):
                return self._settled(folder, "")
            copied_from = folder
        if copied_from is not None:
            self._become_another(copied_from)
            return self._settled(self._make_folder(), "")
        if self._adopts(self._place.folder):
            return self._settled(self._place.folder, "")
        missing = self._recorded and self._has_artifacts()
        return self._settled(self._make_folder(), self._missing_words() if missing else "")

    def _candidates(self) -> Iterator[Path]:
        """Yield where the folder may be: where it was, where it usually is, and at last anywhere beside the file."""
        if self._recorded:
            yield self._home / self._recorded
        yield self._place.folder
        if self._recorded:
            yield from sorted(path.parent for path in self._home.glob(f"*/{MARKER}"))

    def _is_of_another_file(self, folder: Path, marker: Marker) -> bool:
        """True when the folder is in use by the file of which this one is a copy."""
        if self._place.path is None or marker.file == self._file or marker.folder != folder.name:
            return False
        other = folder.parent / marker.file
        return other.is_file() and not other.samefile(self._place.path) and read_identity(other) == self._id

    def _adopts(self, folder: Path) -> bool:
        """Say whether an unclaimed folder of the usual name is this store's, and mark it and its runs if so."""
        marker = read_marker(folder)
        if not folder.is_dir() or folder.is_symlink():
            return False
        runs = self._connection.execute(select(*_RUN_COLUMNS)).all()
        known = [belongs_to(folder / "runs" / str(key), key, made) for key, made in runs]
        if marker is not None:
            # Put back from a copy of before the folder was marked: its runs tell that it is the same store.
            return self._is_older and any(known) and self._take_identity(marker.store)
        if not self._is_older and not any(known):
            return False
        for key, made in runs:
            own = folder / "runs" / str(key)
            if own.is_dir() and not own.is_symlink() and not any(known):
                mark_run_folder(own, key, made)
        return True

    def _make_folder(self) -> Path:
        """Make a folder that nobody has, with the usual name or that and a number."""
        usual, number = self._place.folder, 1
        usual.parent.mkdir(parents=True, exist_ok=True)
        while True:
            folder = usual if number == 1 else usual.with_name(f"{usual.name}-{number}")
            number += 1
            if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
                continue
            folder.mkdir(mode=FOLDER, exist_ok=True)
            try:
                write_marker(folder, self._marker(folder), is_new=True)
            except FileExistsError:
                continue  # another store took it in this moment
            return folder

    def _settled(self, folder: Path, note: str) -> Settled:
        wanted = self._marker(folder)
        if read_marker(folder) != wanted:
            write_marker(folder, wanted)
        tighten_tree(folder)
        recorded = folder.name if folder.parent == self._home else str(folder)
        if recorded != self._recorded:
            self._connection.execute(update(IdentityRow).values(folder=recorded))
            self._is_changed = True
        return Settled(folder, note, self._is_changed)

    def _marker(self, folder: Path) -> Marker:
        return Marker(self._id, self._file, folder.name)

    def _begin_identity(self) -> tuple[str, str]:
        row = {"id": uuid.uuid4().hex, "folder": "", "created_at": time.time()}
        self._connection.execute(insert(IdentityRow).values(**row))
        return str(row["id"]), ""

    def _take_identity(self, identity: str) -> bool:
        self._connection.execute(update(IdentityRow).values(id=identity))
        self._id, self._is_changed = identity, True
        return True

    def _become_another(self, original: Path) -> None:
        """Give a copy an identity of its own; what its runs made until now stays where it is, and is only read."""
        self._take_identity(uuid.uuid4().hex)
        for key, path in self._connection.execute(select(ArtifactRow.id, ArtifactRow.path)).all():
            changed = update(ArtifactRow).where(ArtifactRow.id == key)
            self._connection.execute(changed.values(path=str(original / path)))

    def _has_artifacts(self) -> bool:
        return self._connection.execute(select(ArtifactRow.id).limit(1)).first() is not None

    def _missing_words(self) -> str:
        return (
            f"The folder '{self._recorded}' with the weights of this store's runs is not beside it. "
            f"Close the studio, put it into {self._home}, and open the store again."
        )


def read_marker(folder: Path) -> Marker | None:
    """Read what a folder says of itself; None where it says nothing."""
    try:
        card = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        return Marker(str(card["store"]), str(card["file"]), str(card["folder"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_marker(folder: Path, marker: Marker, *, is_new: bool = False) -> None:
    """Write what a folder says of itself.

    Raises:
        OSError: It cannot be written, or ``is_new`` and there is one already.
    """
    with open(folder / MARKER, "x" if is_new else "w", encoding="utf-8", opener=private_opener) as file:
        json.dump(asdict(marker), file)


def read_identity(path: Path) -> str:
    """Read the identity of another store's file, without changing it; empty when it has none."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            return str(connection.execute("SELECT id FROM identity").fetchone()[0])
    except (sqlite3.Error, TypeError, UnicodeError):
        return ""
