"""Insert or merge, for the databases that know ON CONFLICT DO UPDATE."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.orm import DeclarativeBase


def upsert(
    connection: Connection, table: type[DeclarativeBase], merged: Callable[[Any], dict[str, Any]]
) -> Any:
    """Make a statement that inserts a row, or changes the row that has its primary key already.

    Args:
        connection: Decides which database's words are used.
        table: Where to.
        merged: Given the columns of the row that was refused, returns column name -> new value.
    """
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table)
    key = inspect(table).primary_key
    return statement.on_conflict_do_update(index_elements=key, set_=merged(statement.excluded))
