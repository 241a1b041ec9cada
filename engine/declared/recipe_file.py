"""Recipes as TOML: what the window saves the command line starts, and the reverse."""

import errno
import os
import stat
import tomllib
from pathlib import Path

import tomli_w

from engine.declared.recipes import recipe_from_dict
from engine.errors import SettingsError
from engine.printable import printable
from engine.recipe import Recipe
from engine.shown import shortened, shown

A_RECIPE_IS = (
    "A recipe has a table for each of data, encoder, training and settings, and plain values in them."
)
MOST_BYTES = 2**20  # a recipe has some three thousand


def recipe_to_toml(recipe: Recipe) -> str:
    """The text of a recipe file; ``recipe_from_toml`` reads the same recipe back.

    Raises:
        SettingsError: If it names a file or folder by bytes that are no text.
    """
    text = tomli_w.dumps(recipe.model_dump(mode="json"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SettingsError(
            "A recipe file cannot hold a name that is no text, as this recipe's pictures or weights have.",
            "Give their folder or file another name.",
            field="data.location",
        ) from error
    return text


def recipe_from_toml(text: str) -> Recipe:
    """Read the text of a recipe file.

    Raises:
        SettingsError: If it is no TOML, or names or values are wrong.
    """
    try:
        tree = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(
            f"The recipe file cannot be read: {printable(shortened(str(problem)))}.", "It must be TOML."
        ) from problem
    except RecursionError:
        raise SettingsError(
            "The recipe file cannot be read: it nests tables or lists too deeply.", A_RECIPE_IS
        ) from None
    except ValueError:  # such as a number of 5,000 digits
        raise SettingsError(
            "The recipe file cannot be read: a number in it is too long.", A_RECIPE_IS
        ) from None
    return recipe_from_dict(tree)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file, whatever lies there: a folder, a pipe or a picture are refused in words and unread.

    Raises:
        SettingsError: If it cannot be read or is no valid recipe.
    """
    try:
        text = _content(path.expanduser()).decode("utf-8-sig")
    except (OSError, ValueError, RuntimeError) as error:  # a path with NUL, bytes that are no text, no home
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise SettingsError(
            f"The recipe {shown(str(path))} cannot be read: {reason}.", "Choose a recipe file (.toml)."
        ) from error
    return recipe_from_toml(text)


def _content(path: Path) -> bytes:
    """The bytes of a regular file of a sensible size; opened so that a pipe does not wait for its writer."""
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            kind = "a folder" if stat.S_ISDIR(facts.st_mode) else "no regular file"
            raise OSError(errno.EINVAL, f"it is {kind}")
        if facts.st_size > MOST_BYTES:
            raise OSError(errno.EFBIG, f"it has more than {MOST_BYTES // 2**20} MiB")
        return file.read(MOST_BYTES + 1)
