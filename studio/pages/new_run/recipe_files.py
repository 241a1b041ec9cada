"""Recipes as files: what the window saves the command line starts, and the reverse."""

from pathlib import Path

from engine.declared import recipe_to_toml
from engine.errors import SettingsError
from engine.recipe import Recipe

SUFFIX = ".toml"
FILTER = f"Recipes (*{SUFFIX})"


def write_recipe(path: Path, recipe: Recipe) -> Path:
    """Write a recipe file and return its path, with the usual ending.

    Raises:
        SettingsError: If the place cannot be written.
    """
    path = path if path.suffix else path.with_suffix(SUFFIX)
    try:
        path.write_text(recipe_to_toml(recipe), encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place."
        ) from error
    return path
