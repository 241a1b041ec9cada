"""Connections to an SQLite file: how transactions begin, how text is read, and which journal is kept."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from engine.errors import StoreError
from engine.store.place import Place, network_file_system
from engine.store.text import read_json, to_text

WRITING = "store_writes"
BUSY_PAUSE = 0.01  # seconds between two tries at what SQLite does not wait for itself


def make_engine(url: URL, busy_seconds: float) -> Engine:
    """Make what hands out connections; none is opened yet.

    Args:
        url: Address of the store.
        busy_seconds: How long a request waits for another writer.

    Raises:
        StoreError: There is no driver for such an address.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    try:
        options: dict[str, Any] = {"connect_args": {"timeout": busy_seconds}} if is_sqlite else {}
        engine = create_engine(url, json_deserializer=read_json, **options)
    except (ImportError, SQLAlchemyError) as error:
        raise StoreError(
            f"The kind of database '{url.drivername}' cannot be used: {error}.",
            "Install its Python driver, or give the path of a file with --store.",
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def choose_journal(engine: Engine, place: Place, busy_seconds: float) -> str:
    """Turn the write-ahead log on where it is safe; returns a sentence where it is not."""
    if place.path is None:
        return ""
    network = network_file_system(place.path.parent)
    wanted = "delete" if network else "wal"
    with engine.connect() as connection:
        found = _set_journal(driver_of(connection), wanted, busy_seconds)
    if found == "wal":
        return ""
    event.listen(engine, "connect", _sync_fully)
    engine.dispose()
    reason = f"is on a network disk ({network})" if network else "does not allow a write-ahead log"
    return f"The store {place.path} {reason}: it is used by one program at a time, and writing is slower."


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the connection of Python's own SQLite driver."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def copy_database(source: Path, target: Path) -> None:
    """Copy a database with what its write-ahead log still holds; the target exists and is empty."""
    # Both go by SQLite: opening the file by any other way would drop the locks that this process has on it.
    origin, copy = sqlite3.connect(source), sqlite3.connect(target)
    try:
        origin.backup(copy)
    finally:
        copy.close()
        origin.close()


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions are begun by _on_begin alone: Python's driver would begin them late and never IMMEDIATE.
    connection.isolation_level = None
    connection.text_factory = to_text
    # A file that came from elsewhere may hold triggers and views: they get no function that could do harm.
    pragmas = ("foreign_keys = ON", "synchronous = NORMAL", "temp_store = MEMORY", "trusted_schema = OFF")
    for pragma in (*pragmas, "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another wrote in between; one that
    # takes the lock at its beginning waits its turn.
    is_writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


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
