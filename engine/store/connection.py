"""Open a store: one file, any number of threads and processes, one writer at a time.

What is special about SQLite stays in this file and in migration.py. A PostgreSQL address goes the same way
through SQLAlchemy, but only SQLite is tested.
"""

import itertools
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from engine.errors import StoreError
from engine.store.faults import told_in_words
from engine.store.migration import VERSIONS, check_revision, copy_before, mark, read_revision, upgrade
from engine.store.place import Place, find_place, network_file_system

_WRITING = "store_writes"
BUSY_PAUSE = 0.01  # seconds between two tries at what SQLite does not wait for itself


class Store:
    """A store that is open; make one with ``open_store``. Threads may share it, processes may not.

    Attributes:
        url: Address that opens the same store in another process.
        path: The database file, None for a database server.
        folder: Where the files of runs are kept.
        note: What a person should know about how it was opened, sentences; empty when there is nothing.
    """

    def __init__(self, place: Place, engine: Engine, note: str) -> None:
        self.url: str = place.url.render_as_string(hide_password=False)
        self.path: Path | None = place.path
        self.folder: Path = place.folder
        self.note = note
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITING: True})
        self._watch = _Watch(engine) if engine.dialect.name == "sqlite" else None
        self._counter = itertools.count()
        self._closed = False

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
        self._check_open()
        with told_in_words(self.where), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a short read: everything inside sees the same instant. Leave it soon, or the log grows without end.

        Raises:
            StoreError: The store cannot be read, in words.
        """
        self._check_open()
        with told_in_words(self.where), self._engine.connect() as connection:
            yield connection

    def data_version(self) -> int:
        """Return a number that changes whenever anyone wrote, this process too. Costs microseconds.

        On a database server, where no such number exists, it changes with every call.
        """
        self._check_open()
        if self._watch is None:
            return next(self._counter)
        with told_in_words(self.where):
            return self._watch.version()

    def run_folder(self, run_id: int) -> Path:
        """Return the folder for a run's files, made where missing.

        Raises:
            StoreError: The folder cannot be made.
        """
        folder = self.folder / "runs" / str(run_id)
        _make_folder(folder)
        return folder

    def close(self) -> None:
        """Give back the file; a closed store cannot be used again, closing it twice is allowed."""
        if self._closed:
            return
        self._closed = True
        if self._watch is not None:
            self._watch.close()
        self._engine.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"The store {self.where} was closed.", "Open it again.")


class _Watch:
    """A connection that never writes: SQLite changes its data_version for the commits of all others."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._proxy = engine.raw_connection()
        self._proxy.detach()

    def version(self) -> int:
        with self._lock:
            cursor = self._proxy.cursor()
            try:
                return int(cursor.execute("PRAGMA data_version").fetchone()[0])
            finally:
                cursor.close()

    def close(self) -> None:
        with self._lock:
            self._proxy.close()


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
        _check_path(place.path)
    engine = _make_engine(place.url, busy_seconds)
    try:
        with told_in_words(place.path or engine.url.render_as_string()):
            notes = [_bring_up_to_date(engine, place, versions), _choose_journal(engine, place, busy_seconds)]
            return Store(place, engine, " ".join(note for note in notes if note))
    except BaseException:
        engine.dispose()
        raise


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a store.", "Give the path of a file with --store.")
    _make_folder(path.parent)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Allow writing there, or choose another place with --store.",
        ) from error


def _make_engine(url: URL, busy_seconds: float) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    try:
        engine = create_engine(url, connect_args={"timeout": busy_seconds} if is_sqlite else {})
    except (ImportError, SQLAlchemyError) as error:
        raise StoreError(
            f"The kind of database '{url.drivername}' cannot be used: {error}.",
            "Install its Python driver, or give the path of a file with --store.",
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions are begun by _on_begin alone: Python's driver would begin them late and never IMMEDIATE.
    connection.isolation_level = None
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another wrote in between; one that
    # takes the lock at its beginning waits its turn.
    is_writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _bring_up_to_date(engine: Engine, place: Place, versions: Path) -> str:
    where = place.path or engine.url.render_as_string()
    note = ""
    with engine.connect() as connection:
        check_revision(read_revision(connection, where), where, versions)
    writing = engine.execution_options(**{_WRITING: True})
    with _without_foreign_keys(writing) as connection, connection.begin() as transaction:
        # Under the lock: another process may have brought it up to date in the meantime.
        revision = read_revision(connection, where)
        if check_revision(revision, where, versions):
            if revision and place.path is not None:
                copy = copy_before(place.path, revision)
                note = f"The store was brought up to date; the old one was kept as {copy}."
            upgrade(connection, versions)
        else:
            # Shows a read-only file now, in words, instead of in the middle of a run.
            if place.path is not None:
                mark(connection, versions)
            transaction.rollback()
    return note


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    # Altering a table in SQLite drops it for a moment, which must not take the rows that point to it along.
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _choose_journal(engine: Engine, place: Place, busy_seconds: float) -> str:
    """Turn the write-ahead log on where it is safe, and say so where it is not."""
    if place.path is None:
        return ""
    network = network_file_system(place.path.parent)
    wanted = "delete" if network else "wal"
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        found = _set_journal(driver, wanted, busy_seconds)
    if found == "wal":
        return ""
    event.listen(engine, "connect", _sync_fully)
    engine.dispose()
    reason = f"is on a network disk ({network})" if network else "does not allow a write-ahead log"
    return f"The store {place.path} {reason}: it is used by one program at a time, and writing is slower."


def _set_journal(driver: sqlite3.Connection, wanted: str, busy_seconds: float) -> str:
    # SQLite does not wait for another writer here, whatever its timeout (it holds a read lock that could block both).
    end = time.monotonic() + busy_seconds
    while True:
        found = str(driver.execute("PRAGMA journal_mode").fetchone()[0])
        if found == wanted:
            return found
        try:
            return str(driver.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(BUSY_PAUSE)


def _sync_fully(connection: sqlite3.Connection, _record: Any) -> None:
    # NORMAL is safe against power loss only with a write-ahead log.
    connection.execute("PRAGMA synchronous = FULL")
