"""Text and JSON as they come back from a file that anything may have happened to.

Names of files are bytes to the system. Python shows those that are not UTF-8 as text with surrogates, which SQLite
does not take as text; such a value is kept as its bytes.
"""

import json
from typing import Any

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from typing_extensions import override


class AnyText(TypeDecorator[str]):
    """Text in which the names of any file come back as they went in."""

    impl = String
    cache_ok = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Give text that is not UTF-8 as bytes."""
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                return value.encode("utf-8", "surrogatepass" if _is_foreign(value) else "surrogateescape")
        return value

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Give bytes back as the text they were."""
        return to_text(value) if isinstance(value, bytes) else value


def to_text(content: bytes) -> str:
    """Read bytes that should be UTF-8; what is not becomes surrogates, as in the names of files."""
    return content.decode("utf-8", "surrogateescape")


def read_json(content: Any) -> Any:
    """Read a JSON cell; what cannot be read, and what is no number, is null.

    Whoever needs a table or a list checks for it: a null is as wrong there as any other damage.
    """
    try:
        return json.loads(content, parse_constant=lambda _: None)
    except (ValueError, TypeError, RecursionError):
        return None


def _is_foreign(value: str) -> bool:
    """True when a surrogate does not stand for a byte, so that only the value's own code points can be kept."""
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return True
    return False
