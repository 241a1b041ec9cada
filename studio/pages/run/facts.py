"""Everything that is known of a run as names and values, for reading and for copying. Pure functions."""

import time

from engine.declared import recipe_from_dict, recipe_to_toml
from engine.errors import EngineError
from engine.store import Dataset, Run
from studio import wording
from studio.live.run_words import state_words, took_words

Fact = tuple[str, str]


def run_facts(run: Run, dataset: Dataset | None) -> list[Fact]:
    """Name what a run is and did, in the order a person asks.

    Args:
        run: The run.
        dataset: The pictures it sees, None when their row is gone.
    """
    facts = [
        ("Run", str(run.id)),
        ("State", state_words(run).word),
        ("Method", run.method),
        ("Pictures", _pictures(run, dataset)),
        ("Fingerprint", run.fingerprint),
        ("Seed", str(run.seed)),
        ("Device", run.claimed_device or run.device),
        ("Computer", run.host),
        ("Made", _moment(run.created_at)),
        ("Started", _moment(run.started_at)),
        ("Ended", _moment(run.finished_at)),
        ("Worked", took_words(run, time.time())),
        ("Pictures seen", wording.count(run.images_seen) if run.images_seen else ""),
        ("Resumed", wording.counted(run.resumes, "time") if run.resumes else ""),
        ("Continues run", str(run.parent_run_id) if run.parent_run_id else ""),
        ("Note", run.note),
    ]
    return [(name, value) for name, value in facts if value]


def version_facts(run: Run) -> list[Fact]:
    """Versions of what computed the run, one a line."""
    return [(str(name), str(version)) for name, version in run.versions.items() if version not in ("", None)]


def recipe_text(run: Run) -> str:
    """The run's recipe as a recipe file; where it can no longer be read as one, why.

    Raises:
        EngineError: The recipe is of another version or damaged.
    """
    return recipe_to_toml(recipe_from_dict(run.recipe))


def whole_text(run: Run, dataset: Dataset | None) -> str:
    """Facts, versions and recipe as one text, for the clipboard."""
    try:
        recipe = recipe_text(run)
    except EngineError as error:
        recipe = str(error)
    lines = [f"{name}: {value}" for name, value in (*run_facts(run, dataset), *version_facts(run))]
    return f"{run.name}\n" + "\n".join(lines) + f"\n\n{recipe}"


def _pictures(run: Run, dataset: Dataset | None) -> str:
    data = run.recipe.get("data", {})
    location = str(data.get("location", "")) if isinstance(data, dict) else ""
    if dataset is None:
        return location
    return f"{dataset.name}: {wording.count(dataset.num_pictures)} pictures, {dataset.location}"


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
