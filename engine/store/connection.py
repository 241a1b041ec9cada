"""Open a store: one file, any number of threads and processes, one writer at a time.

What is special about SQLite stays in this file, sqlite_engine.py, guard.py and migration.py. A PostgreSQL address goes
the same way through SQLAlchemy, but only SQLite is tested.
"""

import itertools
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from engine.errors import StoreError
from engine.store.faults import told_in_words
from engine.store.guard import FileGuard
from engine.store.identity import Settled, settle_folder
from engine.store.migration import (
    VERSIONS,
    check_revision,
    copy_before,
    known_revisions,
    mark,
    read_revision,
    upgrade,
)
from engine.store.place import Place, find_place
from engine.store.private import make_private_file, tighten
from engine.store.run_folder import claim_run_folder
from engine.store.sqlite_engine import WRITING, choose_journal, driver_of, make_engine
from engine.store.tables import RunRow

FIRST_WITH_IDENTITY = "0003"


class Store:
    """A store that is open; make one with ``open_store``. Threads may share it, processes may not.

    Attributes:
        url: Address that opens the same store in another process.
        path: The database file, None for a database server.
        folder: Where the files of runs are kept.
        note: What a person should know about how it was opened, sentences; empty when there is nothing.
    """

    def __init__(self, place: Place, engine: Engine, note: str) -> None:
        # A plain file goes by its path: not every name can be part of an address.
        is_plain = place.path is not None and not place.url.query
        self.url: str = str(place.path) if is_plain else place.url.render_as_string(hide_password=False)
        self.path: Path | None = place.path
        self.folder: Path = place.folder
        self.note = note
        self._engine = engine
        self._writing = engine.execution_options(**{WRITING: True})
        self._watch = _Watch(engine) if engine.dialect.name == "sqlite" else None
        self._guard = self._make_guard()
        self._counter = itertools.count()
        self._closed = False
        self._claimed: set[int] = set()

    @property
    def where(self) -> str:
        """File or address without a password, as sentences name it."""
        return str(self.path or self._engine.url.render_as_string())

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a write transaction; it is committed when the block ends, undone when it raises.

        The lock is taken at once, so what is read inside cannot change before it is written.

        Raises:
            StoreError: The store cannot be written, in words.
        """
        self._check()
        with told_in_words(self.where), self._writing.begin() as connection:
            yield connection
        self._check()  # what was written into a file that is gone must not be taken for kept

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a short read: everything inside sees the same instant. Leave it soon, or the log grows without end.

        Raises:
            StoreError: The store cannot be read, in words.
        """
        self._check()
        with told_in_words(self.where), self._engine.connect() as connection:
            yield connection

    def data_version(self) -> int:
        """Return a number that changes whenever anyone wrote, this process too. Costs microseconds.

        On a database server, where no such number exists, it changes with every call.
        """
        self._check()
        if self._watch is None:
            return next(self._counter)
        with told_in_words(self.where):
            return self._watch.version()

    def run_folder(self, run_id: int) -> Path:
        """Return the folder for a run's files, made where missing; it is never that of another run.

        Raises:
            StoreError: There is no such run, its folder is another's, or it cannot be made.
        """
        folder = self.folder / "runs" / str(run_id)
        if run_id in self._claimed and folder.is_dir():
            return folder
        with self.read() as connection:
            made = connection.execute(
                select(RunRow.created_at).where(RunRow.id == run_id)
            ).scalar_one_or_none()
        if made is None:
            raise StoreError(
                f"There is no run {run_id} in the store.", "Look at the list of runs for its number."
            )
        claim_run_folder(folder, run_id, made)
        self._claimed.add(run_id)
        return folder

    def owns(self, path: Path) -> bool:
        """Say whether a file lies in this store's own folder; only then may it ever be deleted."""
        return path.absolute().is_relative_to(self.folder)

    def close(self) -> None:
        """Give back the file; a closed store cannot be used again, closing it twice is allowed."""
        if self._closed:
            return
        self._closed = True
        if self._watch is not None:
            self._watch.close()
        self._engine.dispose()

    def _check(self) -> None:
        if self._closed:
            raise StoreError(f"The store {self.where} was closed.", "Open it again.")
        if self._guard is not None:
            self._guard.check()

    def _make_guard(self) -> FileGuard | None:
        if self.path is None or self._watch is None:
            return None
        guard = FileGuard(self.path, self.folder, self._watch.size)
        if self._watch.attach() == "wal":
            guard.watch_log()
        return guard


class _Watch:
    """A connection that never writes: SQLite changes its data_version for the commits of all others."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._proxy = engine.raw_connection()
        self._proxy.detach()

    def version(self) -> int:
        """A number that changes with every commit of another connection."""
        return int(self._ask("data_version"))

    def size(self) -> int:
        """Bytes that the database says it has."""
        return int(self._ask("page_count")) * int(self._ask("page_size"))

    def attach(self) -> str:
        """Open the journal by a first read, and return its kind, such as wal."""
        self._ask("schema_version")
        return str(self._ask("journal_mode"))

    def close(self) -> None:
        with self._lock:
            self._proxy.close()

    def _ask(self, pragma: str) -> Any:
        with self._lock:
            cursor = self._proxy.cursor()
            try:
                return cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
            finally:
                cursor.close()


def open_store(
    location: str | Path | None = None, *, busy_seconds: float = 10.0, versions: Path = VERSIONS
) -> Store:
    """Open a store; make its folder and tables where missing, bring an older file up to date after a copy.

    Args:
        location: Path of the database file or an SQLAlchemy URL; by default ``default_location()``.
        busy_seconds: How long a request waits for another writer before it gives up.
        versions: Folder of migrations; another one is of use only to try a migration out.

    Raises:
        StoreError: The file is newer, foreign, damaged, locked, read-only or cannot be made.
    """
    place = find_place(location)
    if place.path is not None:
        _prepare_file(place.path, makes=not place.url.query)
    engine = make_engine(place.url, busy_seconds)
    try:
        with told_in_words(place.path or engine.url.render_as_string()):
            settled, note = _bring_up_to_date(engine, place, versions)
            notes = [note, settled.note, choose_journal(engine, place, busy_seconds)]
            opened = Store(
                replace(place, folder=settled.folder), engine, " ".join(note for note in notes if note)
            )
    except BaseException:
        engine.dispose()
        raise
    if place.path is not None:
        for ending in ("", "-wal", "-shm", ".engine.lock", ".engine.json"):
            tighten(Path(f"{place.path}{ending}"))
    return opened


def _prepare_file(path: Path, *, makes: bool) -> None:
    """Make an empty file that is its owner's alone where there is none, and refuse what is no file.

    Raises:
        StoreError: It is something else, or cannot be made.
    """
    try:
        try:
            kind = path.stat().st_mode
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            if makes:
                make_private_file(path)
            return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"The store {path} cannot be made or opened: {reason}.",
            "Allow writing there, or choose another place with --store.",
        ) from error
    if not stat.S_ISREG(kind):
        what = "a folder" if stat.S_ISDIR(kind) else "a device or a pipe"
        raise StoreError(f"{path} is {what}, not a store.", "Give the path of a file with --store.")


def _bring_up_to_date(engine: Engine, place: Place, versions: Path) -> tuple[Settled, str]:
    where = place.path or engine.url.render_as_string()
    note = ""
    with engine.connect() as connection:
        check_revision(read_revision(connection, where), where, versions)
    writing = engine.execution_options(**{WRITING: True})
    with _without_foreign_keys(writing) as connection, connection.begin() as transaction:
        # Under the lock: another process may have brought it up to date in the meantime.
        revision = read_revision(connection, where)
        is_outdated = check_revision(revision, where, versions)
        if is_outdated:
            if revision and place.path is not None:
                copy = copy_before(place.path, revision)
                note = f"The store was brought up to date; the old one was kept as {copy}."
            upgrade(connection, versions)
        elif place.path is not None:
            # Shows a read-only file now, in words, instead of in the middle of a run.
            mark(connection, versions)
        settled = _settle(connection, place, revision, versions)
        if not is_outdated and not settled.is_changed:
            transaction.rollback()
    return settled, note


def _settle(connection: Connection, place: Place, revision: str, versions: Path) -> Settled:
    if known_revisions(versions)[-1] < FIRST_WITH_IDENTITY:
        return Settled(place.folder, "", is_changed=False)
    return settle_folder(connection, place, is_older="" < revision < FIRST_WITH_IDENTITY)


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    # Altering a table in SQLite drops it for a moment, which must not take the rows that point to it along.
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver = driver_of(connection)
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA foreign_keys = ON")
