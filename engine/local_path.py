"""Paths as people write them: one way to read them, for every option, recipe and box."""

from pathlib import Path

from engine.errors import SettingsError
from engine.printable import printable


def local_path(text: str | Path) -> Path:
    """The path that a person means: ``~`` and ``~name`` are home folders, everything else is as it stands.

    Raises:
        SettingsError: If it is empty, has a character that no path has, or names the home of somebody unknown.
    """
    path = Path(text)
    if not str(text).strip() or "\0" in str(text):
        raise SettingsError(f"'{printable(str(text))}' is no path.", "Give the path of a file or a folder.")
    try:
        return path.expanduser()
    except RuntimeError as problem:
        raise SettingsError(
            f"There is no home folder for '{printable(path.parts[0])}'.", "Write the path in full."
        ) from problem
