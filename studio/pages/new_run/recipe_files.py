"""Recipes as files: what the window saves the command line starts, and the reverse."""

import tempfile
from pathlib import Path

from engine.declared import recipe_to_toml
from engine.errors import SettingsError
from engine.recipe import Recipe

SUFFIX = ".toml"
FILTER = f"Recipes (*{SUFFIX})"


def write_recipe(path: Path, recipe: Recipe) -> Path:
    """Write a recipe file, whole or not at all, and return its path with the usual ending.

    Raises:
        SettingsError: If the place cannot be written.
    """
    path = path if path.suffix else path.with_suffix(SUFFIX)
    text = recipe_to_toml(recipe)
    try:
        # A full disk must not cost the recipe that was there before.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".recipe-") as folder:
            whole = Path(folder) / "recipe"
            whole.write_text(text, encoding="utf-8")
            whole.replace(path)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place."
        ) from error
    return path
