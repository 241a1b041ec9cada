"""What a database says when it cannot go on, in words for a person."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from engine.errors import StoreError

# SQLite's error names, by prefix: what is wrong, what to do. The first that fits wins.
_SENTENCES = [
    (
        "SQLITE_CONSTRAINT_FOREIGNKEY",
        "The store {where} has no such run or data set any more.",
        "It was probably deleted in another window: look at the list again.",
    ),
    (
        "SQLITE_BUSY",
        "The store {where} is locked by another program.",
        "Close what else has the file open, or wait a moment and try again.",
    ),
    (
        "SQLITE_LOCKED",
        "The store {where} is locked by another program.",
        "Close what else has the file open, or wait a moment and try again.",
    ),
    (
        "SQLITE_READONLY",
        "The store {where} can be read but not written.",
        "Allow writing to the file and its folder, or choose another place with --store.",
    ),
    (
        "SQLITE_FULL",
        "The disk of the store {where} is full.",
        "Free some space; nothing that was already written is lost.",
    ),
    (
        "SQLITE_CANTOPEN",
        "The store {where} cannot be opened.",
        "Check that its folder exists and may be written, or choose another place with --store.",
    ),
    (
        "SQLITE_NOTADB",
        "The file {where} is not a database.",
        "Choose another file with --store, or move this one away to start a new store.",
    ),
    (
        "SQLITE_CORRUPT",
        "The store {where} is damaged.",
        "Move the file away and put back a copy, such as one named 'before' beside it.",
    ),
    (
        "SQLITE_IOERR",
        "The disk of the store {where} does not answer properly.",
        "Check that the disk is connected and has space left.",
    ),
]


def in_words(error: Exception, where: object) -> StoreError:
    """Put a database error into a sentence and a way out.

    Args:
        error: What SQLAlchemy or the driver raised.
        where: The file or address of the store, named in the sentence.
    """
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig
    name = str(getattr(cause, "sqlite_errorname", ""))
    for prefix, message, fix in _SENTENCES:
        if name.startswith(prefix):
            return StoreError(message.format(where=where), fix)
    return StoreError(
        f"The store {where} refused a request: {cause}.", "Try again; if it stays, report this sentence."
    )


@contextmanager
def told_in_words(where: object) -> Iterator[None]:
    """Turn every database error inside the block into a StoreError.

    Raises:
        StoreError: What went wrong, in words.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise in_words(error, where) from error
