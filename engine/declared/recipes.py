"""Recipes from choices and from files: method, preset, then the person's changes; every error names its field."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any, NoReturn

import tomli_w
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.declared.catalogue import load_catalogue
from engine.declared.fields import FieldEntry, model_from_fields
from engine.declared.presets import scale_preset
from engine.errors import SettingsError
from engine.recipe import Recipe, TrainingSettings

SECTIONS = ("data", "encoder", "training", "settings")


def _bounds(field: FieldEntry) -> str:
    low = field.minimum if field.minimum is not None else field.exclusive_minimum
    words = [f"above {low:g}" if field.minimum is None else f"at least {low:g}"] if low is not None else []
    if field.maximum is not None:
        words.append(f"at most {field.maximum:g}")
    return " and ".join(words)


def _expected(field: FieldEntry) -> str:
    if field.type == "choice":
        return f"Choose one of {', '.join(map(str, field.choices))}."
    kinds = {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "string": "a text",
    }
    bounds = _bounds(field)
    return f"Give {kinds[field.type]}{f', {bounds}' if bounds else ''}."


def _refuse(error: ErrorDetails, path: str, fields: Mapping[str, FieldEntry]) -> NoReturn:
    field = fields.get(path)
    if field is None:
        known = ", ".join(sorted(name for name in fields if name.startswith(path.partition(".")[0])))
        hint = f"Known settings are {known}." if known else "Leave it out."
        raise SettingsError(f"There is no setting '{path}'.", hint, field=path)
    raise SettingsError(f"{field.title} cannot be {error['input']!r}.", _expected(field), field=path)


def _first_error(problem: ValidationError, prefix: str, fields: Mapping[str, FieldEntry]) -> NoReturn:
    error = problem.errors()[0]
    place = [str(part) for part in error["loc"]]
    _refuse(error, ".".join([prefix, *place] if prefix else place), fields)


def recipe_from_dict(tree: Mapping[str, Any]) -> Recipe:
    """Validate a whole recipe, the method's own settings included.

    Raises:
        SettingsError: For the first unknown, missing or absurd value, with its field.
    """
    version = tree.get("schema_version", 1)
    if version != 1:
        raise SettingsError(
            f"This recipe is of version {version}, this program reads version 1.",
            "Use a newer program.",
            field="schema_version",
        )
    catalogue = load_catalogue()
    method = catalogue.method(str(tree.get("method", "mae")))
    fields = {field.path: field for field in catalogue.fields_for(method.name)}
    try:
        recipe = Recipe.model_validate(dict(tree))
    except ValidationError as problem:
        _first_error(problem, "", fields)
    try:
        settings = model_from_fields(method.name, list(method.fields)).model_validate(recipe.settings)
    except ValidationError as problem:
        _first_error(problem, "settings", fields)
    catalogue.encoder(recipe.encoder.name)
    return recipe.model_copy(update={"settings": settings.model_dump()})


def make_recipe(
    method: str,
    preset: str = "desktop",
    changes: Mapping[str, Any] | None = None,
    num_train: int | None = None,
) -> Recipe:
    """A recipe of a method: declared defaults, then the preset's values, then the person's changes.

    The recipe holds plain values; what a preset makes of the number of pictures is worked out here.

    Args:
        method: Name of the method.
        preset: Name of one of its presets.
        changes: Dotted setting name -> value.
        num_train: Training pictures; ``presets.USUAL_PICTURES`` where they are not counted yet.

    Raises:
        SettingsError: If a name is unknown or a value is out of bounds.
    """
    entry = load_catalogue().method(method)
    if not entry.presets:
        raise SettingsError(
            f"{entry.title} are not trained as they are.",
            "Choose a method, and start it from them: encoder.weights = run:NUMBER.",
            field="method",
        )
    scaled = scale_preset(entry.preset(preset), changes, num_train)
    tree: dict[str, Any] = {"method": method, "preset": preset, **{section: {} for section in SECTIONS}}
    # Said outright: only a tree without a course is from before it had a name.
    tree["training"]["weight_decay_form"] = TrainingSettings.model_fields["weight_decay_form"].default
    for path, value in {**scaled.values, **(changes or {})}.items():
        section, _, name = path.partition(".")
        if section not in SECTIONS or not name:
            raise SettingsError(
                f"There is no setting '{path}'.", "Names look like training.batch_size.", field=path
            )
        tree[section][name] = value
    return recipe_from_dict(tree)


def changes_of(recipe: Recipe) -> dict[str, Any]:
    """Every setting of a recipe by its dotted name."""
    tree = recipe.model_dump()
    return {f"{section}.{name}": value for section in SECTIONS for name, value in tree[section].items()}


def recipe_to_toml(recipe: Recipe) -> str:
    """The text of a recipe file; ``recipe_from_toml`` reads the same recipe back."""
    return tomli_w.dumps(json.loads(recipe.model_dump_json()))


def recipe_from_toml(text: str) -> Recipe:
    """Read a recipe file.

    Raises:
        SettingsError: If it is no TOML, or names or values are wrong.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"The recipe file cannot be read: {problem}.", "It must be TOML.") from problem
    return recipe_from_dict(tree)
