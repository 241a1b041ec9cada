"""Does a method learn within minutes, and how fast: its quick recipe, beside a plain lightly loop.

Run it by hand: ``python tests/benchmarks/bench_learning.py --data FOLDER [--methods simclr,byol] [--seeds 0,1,2]
[--other PYTHON] [--json FILE] [--tiny]``. FOLDER holds a folder per class; ``--other`` is a Python that has lightly and
this tree's dependencies. Each run is a process of its own, ours and theirs in turn; the loop takes encoder, batch,
precision fp32, loader processes, epochs, optimizer and rate from our recipe, and as many seconds as our run took.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean
from typing import Any

ROOT = Path(__file__).parents[2]
WITH_LIGHTLY = ("simclr", "byol", "dino", "mae")
TINY = ("training.steps=2", "training.batch_size=8", "data.held_out=0.5")
COLUMNS = ("images_per_second", "loss_first", "loss_last", "knn_before", "knn_after", "seconds")


def _json_of(command: list[str]) -> dict[str, Any]:
    """Run a command of this tree and read the JSON line it ends with."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    if done.returncode:
        sys.exit(done.stderr)
    start = done.stdout.index("{")
    found: dict[str, Any] = json.loads(done.stdout[start:])
    return found


def ours(method: str, data: str, seed: int, extra: list[str], store: Path) -> dict[str, Any]:
    """One run of the quick recipe through the command line, with the recipe it used and its alarms."""
    command = [sys.executable, "-m", "engine.cli", "train", "--method", method, "--preset", "quick"]
    command += [
        "--data",
        data,
        "--image-size",
        "32",
        "--seed",
        str(seed),
        "--store",
        str(store),
        "--json",
        *extra,
    ]
    result = _json_of(command)
    from engine.store import get_run, open_store

    opened = open_store(store)
    result["recipe"] = get_run(opened, result["run"]).recipe
    result["alarms"] = [alarm["message"] for alarm in result["alarms"]]
    opened.close()
    return result


def theirs(python: str, run: dict[str, Any], workers: int) -> dict[str, Any]:
    """The same recipe as a plain loop with lightly, for as many seconds."""
    from engine.plan import make_plan
    from engine.recipe import Recipe

    recipe = Recipe.model_validate(run["recipe"])
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(recipe.model_dump_json())
        file.flush()
        peak = make_plan(recipe.training, recipe.training.batch_size).peak_lr
        command = [python, str(ROOT / "tests/benchmarks/lightly_loop.py"), "--recipe", file.name]
        return _json_of(
            [*command, "--peak", str(peak), "--workers", str(workers), "--seconds", str(run["seconds"])]
        )


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Every method and seed, ours and theirs in turn."""
    rows = []
    extra = [part for pair in arguments.set for part in ("--set", pair)]
    extra += ["--set", f"training.workers={arguments.workers}", "--set", "training.precision=fp32"]
    with tempfile.TemporaryDirectory() as folder:
        for method in arguments.methods.split(","):
            for seed in map(int, arguments.seeds.split(",")):
                run = ours(method, arguments.data, seed, extra, Path(folder) / "store.sqlite")
                rows.append({"method": method, "side": "ours", "seed": seed, **run})
                print_row(rows[-1])
                if arguments.other and method in WITH_LIGHTLY:
                    loop = theirs(arguments.other, run, arguments.workers)
                    rows.append({"method": method, "side": "lightly", "seed": seed, **loop})
                    print_row(rows[-1])
    return rows


def print_row(row: dict[str, Any]) -> None:
    """One line of the table, as soon as it is known."""
    values = "".join(f"{row[name]:>12.3f}" if row.get(name) is not None else f"{'-':>12}" for name in COLUMNS)
    print(
        f"{row['method']:12}{row['side']:9}{row['seed']:>4}{values}  {'; '.join(row.get('alarms', []))}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="a folder with a folder per class")
    parser.add_argument("--methods", default="simclr,byol,dino,mae,cae,supervised")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="another setting")
    parser.add_argument("--other", help="a Python that has lightly")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    arguments = parser.parse_args()
    if arguments.tiny:
        arguments.methods, arguments.set = "supervised", [*arguments.set, *TINY]
    print(f"{'method':12}{'side':9}{'seed':>4}" + "".join(f"{name[:11]:>12}" for name in COLUMNS))
    rows = measure(arguments)
    for method, side in dict.fromkeys((row["method"], row["side"]) for row in rows):
        known = [row["knn_after"] for row in rows if (row["method"], row["side"]) == (method, side)]
        scores = [score for score in known if score is not None]
        if scores:
            print(f"{method} {side}: k-NN {fmean(scores):.3f}, from {min(scores):.3f} to {max(scores):.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    # So that it also runs from a checkout that is not installed.
    sys.path.insert(0, str(ROOT))
    main()
