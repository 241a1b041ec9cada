"""What a database says when it cannot go on, in words for a person."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, NoResultFound, SQLAlchemyError

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
        "Choose another file with --store, or move this one away to start a new store; the folder of its runs stays "
        "its own.",
    ),
    (
        "SQLITE_IOERR",
        "The disk of the store {where} does not answer properly.",
        "Check that the disk is connected and has space left.",
    ),
]


# What a whole file of ours never makes SQLite say.
_DAMAGE_NAMES = ("SQLITE_CORRUPT", "SQLITE_TOOBIG", "SQLITE_MISMATCH", "SQLITE_SCHEMA", "SQLITE_FORMAT")
_DAMAGE_WORDS = (
    "no such table",
    "no such column",
    "has no column",
    "malformed",
    "could not decode",
    "no such index",
)
# What Python says when a value is not what a column promises.
_DAMAGED_VALUE = (ValueError, TypeError, OverflowError, LookupError, AttributeError, RecursionError)


def damaged(where: object, detail: str = "") -> StoreError:
    """An error for a store that cannot be read because of what it holds.

    Args:
        where: The file or address of the store.
        detail: What cannot be read.
    """
    return StoreError(
        f"The store {where} is damaged{f': {detail}' if detail else ''}.",
        "Move the file away and put back a copy, such as one named 'before' beside it. "
        "The folder with the weights of its runs stays as it is.",
    )


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
    said = str(cause)
    if name.startswith(_DAMAGE_NAMES) or any(words in said.lower() for words in _DAMAGE_WORDS):
        return damaged(where, _first_line(said))
    if isinstance(cause, (*_DAMAGED_VALUE, NoResultFound)):
        return damaged(where, f"a value cannot be read ({_first_line(said) or type(cause).__name__})")
    return StoreError(
        f"The store {where} refused a request: {_first_line(said)}.",
        "Try again; if it stays, report this sentence.",
    )


@contextmanager
def told_in_words(where: object) -> Iterator[None]:
    """Turn every database error inside the block, and every value that cannot be read, into a StoreError.

    Raises:
        StoreError: What went wrong, in words.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, *_DAMAGED_VALUE) as error:
        raise in_words(error, where) from error


def _first_line(said: str) -> str:
    return said.splitlines()[0][:200].rstrip(".") if said else ""
