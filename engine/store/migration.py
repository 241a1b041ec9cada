"""Bring the tables of a store up to date, after a copy of the file was made.

Revisions are the numbers in the names of the files in ``migrations/versions``. Alembic is imported only where
there is something to do, which keeps it out of every ordinary start.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from engine.errors import StoreError
from engine.store.faults import damaged
from engine.store.private import make_private_file
from engine.store.sqlite_engine import copy_database

VERSIONS = Path(__file__).parent / "migrations" / "versions"
# "SSLS": written into the file's header, so that a database of another program is never taken for a store.
APPLICATION_ID = 0x53534C53


def known_revisions(versions: Path = VERSIONS) -> list[str]:
    """Return the revisions this program knows, oldest first."""
    return sorted(file.name[1:5] for file in versions.glob("v[0-9][0-9][0-9][0-9]_*.py"))


def read_revision(connection: Connection, where: object) -> str:
    """Return the revision of the tables, an empty string where there are none yet.

    Args:
        connection: An open connection.
        where: The file or address, named in errors.

    Raises:
        StoreError: The database holds tables that are not a store's.
    """
    tables = inspect(connection).get_table_names()
    is_ours = "alembic_version" in tables
    if connection.dialect.name == "sqlite":
        is_ours &= connection.exec_driver_sql("PRAGMA application_id").scalar_one() == APPLICATION_ID
    if is_ours:
        rows = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        if len(rows) != 1:
            raise damaged(where, "it does not say its version")
        return str(rows[0])
    if tables:
        raise StoreError(
            f"The database {where} belongs to another program.",
            "Choose another file with --store; this one was not changed.",
        )
    return ""


def check_revision(revision: str, where: object, versions: Path = VERSIONS) -> bool:
    """Say whether the tables are older than this program.

    Raises:
        StoreError: A newer version of the program made them.
    """
    known = known_revisions(versions)
    if revision and not _is_revision(revision):
        raise damaged(where, f"its version reads {revision[:20]!r}")
    if revision and revision not in known:
        raise StoreError(
            f"The store {where} was made by a newer version of SSL Studio (tables {revision}, here {known[-1]}).",
            "Install the newer version, or choose another store with --store; this one was not changed.",
        )
    return revision != known[-1]


def _is_revision(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit()


def upgrade(connection: Connection, versions: Path = VERSIONS) -> None:
    """Run what is missing of the migrations, inside the open write transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(VERSIONS.parent).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        mark(connection, versions)


def mark(connection: Connection, versions: Path = VERSIONS) -> None:
    """Write into the header of an SQLite file whose it is and which revision its tables have."""
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {int(known_revisions(versions)[-1])}")


def copy_before(path: Path, revision: str) -> Path:
    """Copy a database file, with what its write-ahead log still holds, beside itself.

    Args:
        path: The file.
        revision: Revision of its tables, part of the copy's name.

    Returns:
        The copy; an earlier copy is never overwritten.
    """
    number = 0
    while True:
        number += 1
        ending = f"-{number}" if number > 1 else ""
        copy = path.with_name(f"{path.stem}.before-update-from-{revision}{ending}{path.suffix}")
        if make_private_file(copy):
            break
    try:
        copy_database(path, copy)
    except BaseException:
        copy.unlink(missing_ok=True)  # half a copy must not be taken for a whole one
        raise
    return copy
