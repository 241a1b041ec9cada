"""Text of others inside Markdown: it shows as it is, whatever characters a name or a licence has."""

import html
import re
from collections.abc import Mapping
from typing import Any

from engine.printable import printable

_MARKS = re.compile(r"([\\`*\[\]|~#!]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|@)")


def plain(value: Any) -> str:
    """One line that Markdown and HTML read as text and nothing else."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return html.escape(_MARKS.sub(r"\\\1", printable(str(value))), quote=False)


def table(values: Mapping[str, Any]) -> str:
    """Two columns without a head: name and value."""
    rows = [f"| {plain(name)} | {plain(value)} |" for name, value in values.items()]
    return "\n".join(["| | |", "|---|---|", *rows])


def code(text: str) -> str:
    """A block of Python."""
    return f"```python\n{text}\n```"
