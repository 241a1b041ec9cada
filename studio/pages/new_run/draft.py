"""A run that is not started yet: what was chosen, the recipe it makes, what is wrong with it, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.declared import (
    Catalogue,
    Computer,
    Problem,
    ScaledPreset,
    check_recipe,
    load_catalogue,
    make_recipe,
    scale_preset,
)
from engine.errors import SettingsError
from engine.plan import Plan, held_out_of_class, make_plan
from engine.recipe import Recipe
from engine.store import Dataset

NO_PICTURES = Problem(
    "data.location",
    "No pictures are chosen.",
    "Drop a folder on the window, browse for one, or take the built-in Shapes.",
)
SCANNING = Problem("data.location", "The pictures are being scanned.", "Wait for the scan, or choose others.")


@dataclass(frozen=True)
class TrainFacts:
    """What the checks ask of a data set.

    Args:
        classes: Names of the classes; empty without labels.
        num_train: Pictures left for training once some are held out.
        median_side: The shorter side of the picture in the middle, pixels; None where no scan measured it.
    """

    classes: Sequence[str]
    num_train: int
    median_side: int | None = None


def train_facts(dataset: Dataset, held_out: float) -> TrainFacts:
    """Count the training pictures of a scanned data set.

    Args:
        dataset: The scan.
        held_out: Share of each class held out for k-NN where there are labels and no split for it.
    """
    num_train = dataset.splits.get("train", dataset.num_pictures)
    counts = dataset.health.get("train_class_counts", {})
    if sum(count > 0 for count in counts.values()) > 1 and not dataset.splits.get("validation"):
        num_train -= sum(held_out_of_class(count, held_out) for count in counts.values())
    median = (dataset.health.get("sizes") or {}).get("median") or (None,)
    return TrainFacts(dataset.classes, num_train, min(median))


@dataclass(frozen=True)
class Draft:
    """Everything chosen on the page.

    Args:
        method: Name of the method.
        preset: Name of the preset it started from.
        changes: Dotted setting name -> value, over the preset.
        errors: Dotted setting name -> sentence, for what is typed and cannot be used.
        dataset: The scanned pictures, None before.
        is_scanning: True while pictures are chosen and their scan is not done.
    """

    method: str
    preset: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    dataset: Dataset | None = None
    is_scanning: bool = False


@dataclass(frozen=True)
class Checked:
    """A draft that was looked at.

    Args:
        recipe: The recipe, None while a value cannot be used.
        problems: What is wrong or doubtful, errors first.
        facts: Pictures it would train on, None before a scan.
        scaled: The preset for these pictures and changes, None while a value cannot be used.
    """

    recipe: Recipe | None
    problems: list[Problem]
    facts: TrainFacts | None
    scaled: ScaledPreset | None = None

    @property
    def can_start(self) -> bool:
        """True when nothing known keeps the run from starting."""
        return self.recipe is not None and all(problem.level != "error" for problem in self.problems)

    @property
    def plan(self) -> Plan | None:
        """Steps and schedules, None without a recipe and a scan."""
        if self.recipe is None or self.facts is None or self.facts.num_train < 1:
            return None
        return make_plan(self.recipe.training, self.facts.num_train)


def check(draft: Draft, devices: Sequence[str], computer: Computer | None = None) -> Checked:
    """Make the draft's recipe and collect everything that is wrong with it.

    Args:
        draft: What was chosen.
        devices: Names of this computer's devices.
        computer: What it has; None leaves out what a run costs.
    """
    titles = {field.path: field.title for field in load_catalogue().fields_for(draft.method)}
    problems = [
        Problem(path, f"{titles.get(path, path)}: {sentence}", "Correct this field.")
        for path, sentence in draft.errors.items()
    ]
    if draft.dataset is None:
        problems.append(SCANNING if draft.is_scanning else NO_PICTURES)
    elif _is_gone(draft.dataset.location):
        sentence = f"{draft.dataset.location} is not there any more."
        problems.append(Problem("data.location", sentence, "Connect its disk, or choose other pictures."))
    facts = None
    try:
        recipe = make_recipe(draft.method, draft.preset, dict(draft.changes))
        if draft.dataset is not None:
            facts = train_facts(draft.dataset, recipe.held_out)
            recipe = make_recipe(draft.method, draft.preset, dict(draft.changes), facts.num_train)
    except SettingsError as error:
        return Checked(None, [*problems, Problem(error.field, error.message, error.fix)], None)
    problems += check_recipe(recipe, facts, devices, computer)
    preset = load_catalogue().method(draft.method).preset(draft.preset)
    scaled = scale_preset(preset, draft.changes, facts.num_train if facts else None)
    return Checked(recipe if not draft.errors else None, problems, facts, scaled)


def with_problem(checked: Checked, problem: Problem) -> Checked:
    """The same, with one more problem in front unless its field has one already."""
    if any(known.field == problem.field and known.level == "error" for known in checked.problems):
        return checked
    return replace(checked, problems=[problem, *checked.problems])


def _is_gone(location: str) -> bool:
    """True for a folder or list that cannot be found; what is built in or published has no path."""
    path = Path(location)
    return path.is_absolute() and not path.exists()


def suggested_name(draft: Draft, catalogue: Catalogue) -> str:
    """A name for the run, such as "MAE clothing-96"."""
    title = catalogue.methods[draft.method].title
    return f"{title} {draft.dataset.name}" if draft.dataset else title
