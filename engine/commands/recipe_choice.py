"""From flags and a recipe file to one validated recipe, and what can be known to be wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.commands.speech import remark, warn
from engine.declared import (
    Computer,
    FieldEntry,
    Problem,
    changes_of,
    check_recipe,
    load_catalogue,
    make_recipe,
    read_recipe,
    recipe_from_dict,
    scale_preset,
)
from engine.errors import SettingsError
from engine.local_path import local_path
from engine.recipe import Recipe
from engine.rules.rule import IMAGE_SIZE
from engine.shown import shown

DEFAULT_METHOD = "mae"
DEFAULT_PRESET = "desktop"
# Values that a preset can only guess, because they depend on the number of pictures and the length of the run.
# Where the person did not set them, the nearest possible value is taken, and said.
ADAPTED = ("training.batch_size", "training.accumulation", "training.warmup_epochs")


@dataclass(frozen=True)
class Facts:
    """What the checks ask of the pictures."""

    classes: Sequence[str]
    num_train: int


@dataclass(frozen=True)
class Choice:
    """A recipe and the settings that the person chose.

    Args:
        recipe: The recipe as far as it is known without the pictures.
        chosen: Names of the settings that the person chose; all of them where a recipe file says everything.
        preset: Where the other values come from; empty where a recipe file says everything.
        changes: What was chosen over the preset.
    """

    recipe: Recipe
    chosen: frozenset[str]
    preset: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)

    def scaled(self, num_train: int) -> "Choice":
        """The same choice for so many training pictures; says what a preset makes of them and why."""
        if not self.preset:
            return self
        method = self.recipe.method
        preset = load_catalogue().method(method).preset(self.preset)
        scaled, unchanged = (scale_preset(preset, changes, num_train) for changes in (self.changes, None))
        titles = {entry.path: entry.title for entry in load_catalogue().fields_for(method)}
        for path, reason in scaled.reasons.items():
            # What follows the image size is worth a word where it is not the preset's own any more.
            is_usual = (
                IMAGE_SIZE in preset.values[path].needs and scaled.values[path] == unchanged.values[path]
            )
            if path not in self.chosen and not is_usual:
                remark(f"{titles[path]}: {reason}.")
        return replace(self, recipe=make_recipe(method, self.preset, self.changes, num_train))


def choose_recipe(
    *,
    file: Path | None,
    method: str | None,
    preset: str | None,
    changes: Mapping[str, Any],
    pairs: Sequence[str],
) -> Choice:
    """Make the recipe of a run.

    Args:
        file: Recipe file to start from, or None.
        method: Name of the method, or None for the file's or the default one.
        preset: Name of the preset, or None; not together with a file.
        changes: Dotted setting name -> value, from flags.
        pairs: "key=value" texts, dotted or bare names.

    Raises:
        SettingsError: In words, for the first thing that cannot be.
    """
    base = _read_recipe(file, method, preset) if file is not None else None
    name = base.method if base is not None else method or DEFAULT_METHOD
    fields = load_catalogue().fields_for(name)
    changed = dict(changes)
    for path, value in (_parse_pair(pair, fields) for pair in pairs):
        if path in changed and changed[path] != value:
            raise SettingsError(
                f"{path} is given twice, as {shown(changed[path])} and {shown(value)}.",
                "Give it once.",
                field=path,
            )
        changed[path] = value
    if "training.epochs" in changed:
        if changed.get("training.steps"):
            raise SettingsError("A run is as long as its epochs or its steps.", "Give one of the two.")
        changed["training.steps"] = 0
    if base is None:
        preset = preset or DEFAULT_PRESET
        return Choice(make_recipe(name, preset, changed), frozenset(changed), preset, changed)
    return Choice(_changed(base, changed), frozenset({*changes_of(base), *changed}))


def check_choice(
    choice: Choice, facts: Facts, devices: Sequence[str], computer: Computer | None = None
) -> Recipe:
    """Adapt what nobody chose to the pictures, warn of what is doubtful, refuse what cannot be.

    Raises:
        SettingsError: The first thing that keeps the run from starting.
    """
    recipe = choice.recipe
    for _ in ADAPTED:
        problem = next(
            (each for each in _errors(recipe, facts, devices) if _is_adaptable(each, choice)), None
        )
        if problem is None:
            break
        warn(f"{problem.message} This run takes {problem.field} = {problem.suggestion}.")
        recipe = _changed(recipe, {problem.field: problem.suggestion})
    for problem in check_recipe(recipe, facts, devices, computer):
        if problem.level == "error":
            raise SettingsError(problem.message, problem.fix, field=problem.field)
        warn(f"{problem.message} {problem.fix}")
    return recipe


def _errors(recipe: Recipe, facts: Facts, devices: Sequence[str]) -> list[Problem]:
    return [problem for problem in check_recipe(recipe, facts, devices) if problem.level == "error"]


def _is_adaptable(problem: Problem, choice: Choice) -> bool:
    wanted = problem.field in ADAPTED and problem.field not in choice.chosen
    return wanted and problem.suggestion is not None


def _read_recipe(file: Path, method: str | None, preset: str | None) -> Recipe:
    """Read a recipe file and hold it against the flags beside it."""
    recipe = read_recipe(file)
    if method is not None and method != recipe.method:
        message = f"The recipe {file.name} is for {recipe.method}, not for {method}."
        raise SettingsError(message, "Leave out --method, or use another recipe.", field="method")
    if preset is not None:
        raise SettingsError("A recipe file already says everything a preset says.", "Leave out --preset.")
    return recipe


def _changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return a validated recipe with some settings changed."""
    tree = recipe.model_dump()
    for path, value in changes.items():
        section, _, name = path.partition(".")
        tree[section][name] = value
    return recipe_from_dict(tree)


def _parse_pair(pair: str, fields: Sequence[FieldEntry]) -> tuple[str, Any]:
    """Understand one "key=value"."""
    key, equals, text = pair.partition("=")
    if not equals or not key.strip():
        raise SettingsError(
            f"{shown(pair)} is no setting.", "Write it as key=value, such as training.base_lr=1e-4."
        )
    wanted = _find_field(key.strip(), fields)
    return wanted.path, _parse_value(text.strip(), wanted)


def _find_field(key: str, fields: Sequence[FieldEntry]) -> FieldEntry:
    """Find a setting by its dotted name or, where only one has it, by the last part of it."""
    found = [entry for entry in fields if key in (entry.path, entry.name)]
    exact = [entry for entry in found if entry.path == key]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = " or ".join(entry.path for entry in found)
        raise SettingsError(f"{shown(key)} can mean several settings.", f"Write {names}.", field=key)
    from difflib import get_close_matches

    known = [name for entry in fields for name in (entry.path, entry.name)]
    near = get_close_matches(key, known, n=1)
    fix = (
        f"Did you mean {near[0]}?" if near else "'ssl-engine show RUN --recipe' prints all settings of a run."
    )
    raise SettingsError(f"There is no setting {shown(key)}.", fix, field=key)


def _parse_value(text: str, entry: FieldEntry) -> Any:
    """Read a value as its setting's type; what does not fit is left to the setting to refuse in words."""
    if entry.type == "boolean":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            text.lower(), text
        )
    if entry.type == "choice":
        return next((choice for choice in entry.choices if str(choice) == text), text)
    try:
        if entry.type == "integer":
            # 1e3 and 5.0 are whole numbers too, as in the form and in a file.
            return float(text) if set(text.lower()) & {"e", "."} else int(text)
        return float(text) if entry.type == "number" else text
    except ValueError:
        return text


def relocated(recipe: Recipe, location: str) -> Recipe:
    """Return the recipe with full addresses of pictures and weights, so that it means the same from every folder."""
    files = {
        "encoder.weights": recipe.encoder.weights,
        "settings.dalle_file": recipe.settings.get("dalle_file"),
    }
    changes = {
        name: str(local_path(file).absolute())
        for name, file in files.items()
        if file and not file.strip().startswith("run:")
    }
    return _changed(recipe, {"data.location": location, **changes})
