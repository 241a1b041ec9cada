"""What a command says: results on standard output, everything on the way on standard error.

The only way to the terminal: names in what is said come from files, lists and other people, so nothing in them is
obeyed, neither escape sequences nor markup.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

import typer

from engine.printable import is_printable, printable

if TYPE_CHECKING:
    from rich.console import Console

LINES = "\n\t"


def speak_any_encoding() -> None:
    """Let a terminal or pipe that lacks a character show its number, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Print a line of the result."""
    typer.echo(printable(text, keep=LINES))


def remark(text: str) -> None:
    """Print a line that belongs to the way, not to the result."""
    typer.echo(printable(text, keep=LINES), err=True)


def complain(sentence: str) -> None:
    """Print what is wrong and what to do, for a person."""
    typer.secho(f"ssl-engine: {printable(sentence, keep=LINES)}", err=True, fg=typer.colors.RED)


def warn(sentence: str) -> None:
    """Print what is doubtful."""
    typer.secho(f"Warning: {printable(sentence, keep=LINES)}", err=True, fg=typer.colors.YELLOW)


def say_json(content: dict[str, Any]) -> None:
    """Print one JSON object as the last line, after everything that was said before it.

    What a terminal would obey is written as JSON's own escapes, so that reading it gives the same text.
    """
    sys.stderr.flush()
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    typer.echo("".join(sign if is_printable(sign) else f"\\u{ord(sign):04x}" for sign in text))


def plain_console(*, stderr: bool = False) -> "Console":
    """Make a console for tables and bars that takes every text as it is: no markup, no emoji names, no colouring."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def cell(text: str) -> str:
    """Text for a cell of a table, on one line."""
    return printable(text)


@contextmanager
def told_as_json(is_wanted: bool) -> Iterator[None]:
    """End with a JSON object too when something is wrong: {"error", "fix", "field"}."""
    from engine.errors import EngineError

    try:
        yield
    except EngineError as error:
        if is_wanted:
            say_json({"error": error.message, "fix": error.fix, "field": getattr(error, "field", "")})
        raise


def is_terminal() -> bool:
    """True when a person watches the way, so that a moving bar makes sense."""
    return sys.stderr.isatty()
