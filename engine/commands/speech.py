"""What a command says: results on standard output, everything on the way on standard error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer


def say(text: str = "") -> None:
    """Print a line of the result."""
    typer.echo(text)


def remark(text: str) -> None:
    """Print a line that belongs to the way, not to the result."""
    typer.echo(text, err=True)


def complain(sentence: str) -> None:
    """Print what is wrong and what to do, for a person."""
    typer.secho(f"ssl-engine: {sentence}", err=True, fg=typer.colors.RED)


def warn(sentence: str) -> None:
    """Print what is doubtful."""
    typer.secho(f"Warning: {sentence}", err=True, fg=typer.colors.YELLOW)


def say_json(content: dict[str, Any]) -> None:
    """Print one JSON object as the last line, after everything that was said before it."""
    sys.stderr.flush()
    typer.echo(json.dumps(content, ensure_ascii=False, allow_nan=False))


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
