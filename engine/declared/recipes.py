"""Recipes from choices and from files: method, preset, then the person's changes; every error names its field."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.declared.catalogue import load_catalogue
from engine.declared.fields import FieldEntry, model_from_fields
from engine.declared.presets import scale_preset
from engine.errors import SettingsError
from engine.imported_settings import IMPORTED
from engine.recipe import Recipe, TrainingSettings
from engine.settings import LONGEST_TEXT
from engine.shown import shown

VERSION = 1
SECTIONS = ("data", "encoder", "training", "settings")
TOP: Mapping[str, str] = {
    "kind": "Write pretrain.",
    "method": "Give the name of a method, such as mae.",
    "preset": "Give the name of the preset that it started from, such as desktop.",
    "schema_version": f"Write {VERSION}.",
}
"""What can stand before the sections of a recipe -> what to write there."""


def _bounds(field: FieldEntry) -> str:
    low = field.minimum if field.minimum is not None else field.exclusive_minimum
    words = (
        [f"above {low:,.12g}" if field.minimum is None else f"at least {low:,.12g}"]
        if low is not None
        else []
    )
    if field.maximum is not None:
        words.append(f"at most {field.maximum:,.12g}")
    return " and ".join(words)


def _expected(field: FieldEntry) -> str:
    if field.type == "choice":
        return f"Choose one of {', '.join(map(str, field.choices))}."
    kinds = {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "string": f"a text, neither empty nor longer than {LONGEST_TEXT:,} bytes",
    }
    bounds = _bounds(field)
    return f"Give {kinds[field.type]}{f', {bounds}' if bounds else ''}."


def _refuse(error: ErrorDetails, path: str, fields: Mapping[str, FieldEntry]) -> NoReturn:
    field, wrong = fields.get(path), shown(error["input"])
    if field is not None:
        said = error["msg"].removeprefix("Value error, ") if error["type"] == "value_error" else ""
        raise SettingsError(f"{field.title} cannot be {wrong}.", said or _expected(field), field=path)
    if path in SECTIONS:
        raise SettingsError(
            f"The section '{path}' of a recipe is a table of settings, not {wrong}.",
            f"Write each of its settings on a line of its own below [{path}].",
            field=path,
        )
    if path in TOP:
        raise SettingsError(f"The {path} of a recipe cannot be {wrong}.", TOP[path], field=path)
    known = ", ".join(sorted(name for name in fields if name.startswith(f"{path.partition('.')[0]}.")))
    hint = f"Known settings are {known}." if known else "Leave it out."
    raise SettingsError(f"There is no setting {shown(path)}.", hint, field=path)


def _first_error(problem: ValidationError, prefix: str, fields: Mapping[str, FieldEntry]) -> NoReturn:
    error = problem.errors(include_url=False, include_context=False)[0]
    place = [str(part) for part in error["loc"]]
    _refuse(error, ".".join([prefix, *place] if prefix else place), fields)


def _check_version(version: Any) -> None:
    if not isinstance(version, int) or isinstance(version, bool):
        raise SettingsError(
            f"The schema version of a recipe is a whole number, not {shown(version)}.",
            f"Write schema_version = {VERSION}.",
            field="schema_version",
        )
    if version != VERSION:
        raise SettingsError(
            f"This recipe is of version {shown(version)}, this program reads version {VERSION}.",
            "Use a newer program." if version > VERSION else f"Write schema_version = {VERSION}.",
            field="schema_version",
        )


def _check_kind(recipe: Recipe) -> None:
    """Imported weights are a kind of their own: nothing else is of it, and they are of no other."""
    if (recipe.kind == IMPORTED) != (recipe.method == IMPORTED):
        raise SettingsError(
            f"A recipe of the kind '{recipe.kind}' cannot have the method '{recipe.method}'.",
            'Write kind = "pretrain" and the method to train with.',
            field="kind",
        )


@cache
def _settings_model(method: str) -> type[BaseModel]:
    return model_from_fields(method, list(load_catalogue().method(method).fields))


def recipe_from_dict(tree: Any) -> Recipe:
    """Validate a whole recipe, the method's own settings included.

    Args:
        tree: A table of a recipe, as JSON or TOML have it. Whatever it is, the answer is a recipe or a sentence.

    Raises:
        SettingsError: For the first unknown, missing or absurd value, with its field.
    """
    if not isinstance(tree, Mapping):
        raise SettingsError(f"A recipe is a table of settings, not {shown(tree)}.", "Start a new run.")
    _check_version(tree.get("schema_version", VERSION))
    catalogue = load_catalogue()
    name = tree.get("method", Recipe.model_fields["method"].default)
    if not isinstance(name, str):
        raise SettingsError(f"The method of a recipe cannot be {shown(name)}.", TOP["method"], field="method")
    method = catalogue.method(name)
    fields = {field.path: field for field in catalogue.fields_for(method.name)}
    try:
        recipe = Recipe.model_validate(dict(tree))
    except ValidationError as problem:
        _first_error(problem, "", fields)
    try:
        settings = _settings_model(method.name).model_validate(recipe.settings)
    except ValidationError as problem:
        _first_error(problem, "settings", fields)
    catalogue.encoder(recipe.encoder.name)
    _check_kind(recipe)
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
                f"There is no setting {shown(path)}.", "Names look like training.batch_size.", field=path
            )
        tree[section][name] = value
    return recipe_from_dict(tree)


def changes_of(recipe: Recipe) -> dict[str, Any]:
    """Every setting of a recipe by its dotted name."""
    tree = recipe.model_dump()
    return {f"{section}.{name}": value for section in SECTIONS for name, value in tree[section].items()}
