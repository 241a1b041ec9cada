"""How often the doctor calls a healthy run ill: short runs of every method, and every rule that spoke.

Run it by hand: ``python tests/benchmarks/bench_alarms.py [--data FOLDER,FOLDER] [--runs 20] [--methods mae,simclr]
[--set KEY=VALUE] [--only-data] [--store FILE] [--json FILE] [--tiny]``. Each run takes the method's quick preset,
in turn on the built-in sets and the given folders, with its own seed and length. With ``--store`` the runs stay, and
those that are there already are only read again: ``--runs 0`` asks the rules as they are now about runs that were made
before.
"""

import argparse
import itertools
import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.declared import load_catalogue, make_recipe, recipe_from_dict
from engine.doctor import Doctor, RunFacts
from engine.doctor.doctor import Raised
from engine.jobs.alarms import run_facts
from engine.jobs.assembly import assemble
from engine.jobs.judge import Judge
from engine.jobs.pretrain import run as do_run
from engine.store import (
    Run,
    RunStatus,
    Store,
    claim_run,
    create_run,
    list_runs,
    open_store,
    read_points,
    series_summaries,
)
from engine.trainer import Trainer

BUILT_IN = ("builtin:digits", "builtin:shapes")
EPOCHS = (6, 10, 16)
# Methods that see one small view of a picture train so much faster that they get the length of a first try.
LONG = {"mae": 4, "cae": 3, "supervised": 2}
FLUSH_STEPS = 10  # points come about so many steps at a time
TINY = {"training.steps": 8, "training.batch_size": 8, "training.epochs": 1}


def make_runs(
    store: Store, methods: list[str], places: list[str], count: int, changes: dict[str, Any]
) -> None:
    """Train the runs that are not there yet."""
    there = Counter(run.method for run in list_runs(store))
    for number, method in itertools.product(range(count), methods):
        if number < there[method]:
            continue
        epochs = EPOCHS[number % len(EPOCHS)] * LONG.get(method, 1)
        wanted = {
            "data.location": places[number % len(places)], "encoder.image_size": 32, "training.epochs": epochs,
            "training.warmup_epochs": 2, "training.seed": number, "training.workers": 0, "training.device": "cpu",
            "training.precision": "fp32", "training.knn_every_epochs": 2, "training.checkpoint_seconds": 10_000,
        }  # fmt: skip
        recipe = make_recipe(method, "quick", {**wanted, **changes})
        create_run(
            store,
            name=f"{method} {number}",
            method=method,
            recipe=recipe.model_dump(mode="json"),
            seed=number,
        )
        claimed = claim_run(store, device="cpu", host="here")
        assert claimed is not None
        done = do_run(store, claimed.id)
        print(
            f"{done.name} on {wanted['data.location']}: {done.status.value}, {done.step} steps {done.error}",
            flush=True,
        )


def facts_of(run: Run) -> RunFacts:
    """What the doctor was told of a run."""
    assembly = assemble(recipe_from_dict(run.recipe), "cpu")
    method = assembly.make_method()
    judge = Judge(assembly, Trainer(method, assembly.plan, assembly.compute, assembly.make_normalise()))
    facts = run_facts(
        assembly, method, test_pictures=judge.test_pictures, watched_pictures=judge.watched_pictures
    )
    return replace(facts, cores=2)


def ask_again(store: Store, run: Run) -> list[tuple[str, int]]:
    """Which rules speak when the run's points come as they did, and at which step."""
    doctor = Doctor(facts_of(run))
    points = sorted(
        (step, name, value)
        for name in series_summaries(store, [run.id]).get(run.id, {})
        for step, value, _ in read_points(store, run.id, name)
        if value is not None
    )
    said = []
    for _, group in itertools.groupby(points, key=lambda point: -(-point[0] // FLUSH_STEPS)):
        doctor.take([(name, step, value) for step, name, value in group])
        said += [(each.finding.rule, each.step) for each in doctor.look() if isinstance(each, Raised)]
    return said


def count_alarms(store: Store) -> dict[str, dict[str, Any]]:
    """Method -> finished runs, and how many of them each rule spoke in."""
    found: dict[str, dict[str, Any]] = {}
    for run in reversed(list_runs(store, statuses=[RunStatus.FINISHED])):
        row = found.setdefault(run.method, {"runs": 0, "alarms": 0, "rules": {}})
        said = ask_again(store, run)
        row["runs"] += 1
        row["alarms"] += bool(said)
        for rule, step in said:
            row["rules"][rule] = row["rules"].get(rule, 0) + 1
            place = recipe_from_dict(run.recipe).data.location
            print(f"  {run.name}, {place}: {rule} at step {step} of {run.total_steps}")
    return found


def main() -> None:
    """Train, ask, print a table, write JSON on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="", help="folders of pictures, beside the built-in sets")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="another whole number"
    )
    parser.add_argument("--only-data", action="store_true", help="leave the built-in sets out")
    parser.add_argument("--runs", type=int, default=20, help="of each method")
    parser.add_argument("--methods", default="")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    options = parser.parse_args()
    trained = [method.name for method in load_catalogue().methods.values() if method.presets]
    methods = options.methods.split(",") if options.methods else trained
    places = [*(() if options.only_data else BUILT_IN), *filter(None, options.data.split(","))]
    changes = {key: int(value) for key, value in (pair.split("=") for pair in options.set)}
    if options.tiny:
        methods, places, options.runs = ["mae"], ["builtin:digits"], 1
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(options.store or Path(folder) / "store.sqlite")
        make_runs(store, methods, places, options.runs, TINY if options.tiny else changes)
        found = count_alarms(store)
        store.close()
    print(f"{'method':12}{'runs':>6}{'with alarm':>12}  rules")
    for method, row in found.items():
        print(f"{method:12}{row['runs']:>6}{row['alarms']:>12}  {row['rules'] or ''}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
