"""Kills workers with -9 at random instants and counts the runs that end bit-equal to the uninterrupted one.

python tests/benchmarks/bench_kill.py [--method simclr,vicreg,supervised] [--precision fp32,bf16] [--kills 20]
    [--workers 0] [--tiny] [--json FILE]

Every method is trained in every precision: once as a whole, and again with so many kills, several in the life of one
run. Curves, network and optimizer of both must be the same to the last bit. A worker is a fork of a process that has
loaded torch and nothing else, so that a kill costs a second.
"""

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import torch

from engine.checkpoint import load_checkpoint
from engine.declared import make_recipe
from engine.store import (
    RunStatus,
    Store,
    claim_run,
    create_run,
    get_run,
    list_artifacts,
    open_store,
    read_points,
    requeue_run,
    update_run,
)

LONGEST_LIFE = 1.2  # seconds of training until a kill
PATIENCE_SECONDS = 300.0
SIZES = {
    "encoder.image_size": 16, "training.batch_size": 16, "training.warmup_epochs": 0.1,
    "training.knn_every_epochs": 1, "training.checkpoint_seconds": 1, "training.device": "cpu",
    "data.location": "builtin:digits",
}  # fmt: skip
OF_METHOD = {
    "mae": {"encoder.name": "vit_nano", "encoder.patch_size": 4, "settings.decoder_depth": 1},
    "cae": {"encoder.name": "vit_nano", "encoder.patch_size": 4, "settings.target": "pixels"},
}
TRAINED = ("training", "judging", "saving", "starting")


def make_run(store: Store, method: str, precision: str, steps: int, workers: int) -> int:
    """A claimed run of a small network."""
    values = {**SIZES, **OF_METHOD.get(method, {"encoder.name": "resnet_nano"})}
    length = {"training.steps": steps, "training.precision": precision, "training.workers": workers}
    recipe = make_recipe(method, "quick", {**values, **length})
    run = create_run(
        store, name="to be killed", method=method, recipe=recipe.model_dump(mode="json"), seed=0, device="cpu"
    )
    claim_run(store, device="cpu", host="here", run_id=run.id)
    return run.id


def work(url: str, run_id: int) -> None:
    """Do a run, as a worker process does."""
    from engine.jobs.pretrain import run

    torch.set_num_threads(1)
    store = open_store(url)
    update_run(store, run_id, pid=os.getpid())
    run(store, run_id)


def start(context: ForkServerContext, store: Store, run_id: int) -> ForkServerProcess:
    """Start a worker of a run."""
    process = context.Process(target=work, args=(store.url, run_id))
    process.start()
    return process


def finish(context: ForkServerContext, store: Store, run_id: int) -> None:
    """Let a run come to its end."""
    start(context, store, run_id).join()
    ended = get_run(store, run_id)
    if ended.status is not RunStatus.FINISHED:
        raise SystemExit(f"run {run_id} is {ended.status.value}: {ended.error}")


def kill_at_random(context: ForkServerContext, store: Store, run_id: int, rng: random.Random) -> bool:
    """Start a run, kill it after a random while; False when it had ended by then."""
    process = start(context, store, run_id)
    end = time.monotonic() + PATIENCE_SECONDS
    while not get_run(store, run_id).phase.startswith(TRAINED) and process.is_alive():
        if time.monotonic() > end:
            raise SystemExit(f"run {run_id} does not start: {get_run(store, run_id).phase}")
        time.sleep(0.01)
    process.join(rng.uniform(0, LONGEST_LIFE))
    process.kill()
    process.join()
    run = get_run(store, run_id)
    if run.status is RunStatus.FINISHED:
        return False
    if run.status is RunStatus.FAILED:
        raise SystemExit(f"run {run_id} failed by itself: {run.error}")
    update_run(store, run_id, status=RunStatus.FAILED, error="killed", pid=None)
    requeue_run(store, run_id)
    claim_run(store, device="cpu", host="here", run_id=run_id)
    return True


def outcome(store: Store, run_id: int) -> tuple[Any, ...]:
    """All that a run leaves: its curves, and what its last checkpoint holds."""
    newest = list_artifacts(store, run_id, "checkpoint")[-1]
    checkpoint = load_checkpoint(newest.path, digest=newest.meta["digest"])
    curves = [
        [(step, value) for step, value, _ in read_points(store, run_id, name)] for name in ("loss", "knn")
    ]
    return checkpoint.step, checkpoint.images_seen, checkpoint.best, curves, checkpoint.trainer


def is_same(ours: Any, theirs: Any) -> bool:
    """Whether two trees hold the same values, bit for bit."""
    if isinstance(ours, torch.Tensor):
        return torch.equal(ours, theirs)
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(is_same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(is_same, ours, theirs))
    return bool(ours == theirs)


def play(
    context: ForkServerContext, store: Store, method: str, precision: str, options: argparse.Namespace
) -> dict[str, Any]:
    """Kill a method in a precision so many times; returns the counts."""
    rng = random.Random(f"{method} {precision}")

    def claimed() -> int:
        return make_run(store, method, precision, options.steps, options.workers)

    whole = claimed()
    finish(context, store, whole)
    expected = outcome(store, whole)
    kills = runs = equal = 0
    while kills < options.kills:
        run_id = claimed()
        while kills < options.kills and kill_at_random(context, store, run_id, rng):
            kills += 1
        if get_run(store, run_id).status is not RunStatus.FINISHED:
            finish(context, store, run_id)
        runs, equal = runs + 1, equal + is_same(expected, outcome(store, run_id))
    print(f"{method:10} {precision:5} {kills:3} kills, {equal} of {runs} runs bit-equal", flush=True)
    return {"method": method, "precision": precision, "kills": kills, "runs": runs, "bit_equal": equal}


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", default="simclr,vicreg,supervised")
    parser.add_argument("--precision", default="fp32,bf16")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--workers", type=int, default=0, help="loader processes of each worker")
    parser.add_argument("--tiny", action="store_true", help="a kill of one method, to see that it works")
    parser.add_argument("--json")
    options = parser.parse_args()
    if options.tiny:
        options.method, options.precision, options.kills, options.steps = "supervised", "fp32", 1, 40
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["engine.jobs.pretrain"])
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store.sqlite")
        cells = [
            (method, kind) for method in options.method.split(",") for kind in options.precision.split(",")
        ]
        found = [play(context, store, *cell, options) for cell in cells]
        store.close()
    if options.json:
        Path(options.json).write_text(json.dumps(found))
    if any(cell["bit_equal"] < cell["runs"] for cell in found):
        raise SystemExit("Some runs were not bit-equal.")


if __name__ == "__main__":
    main()
