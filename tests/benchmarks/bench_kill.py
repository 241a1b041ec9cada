"""Kills a worker with -9 at random instants and counts the runs that end bit-equal to the uninterrupted one.

python tests/benchmarks/bench_kill.py [--kills 100] [--workers 2] [--json FILE]
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from engine.checkpoint import load_checkpoint
from engine.declared import make_recipe
from engine.store import (
    RunStatus,
    claim_run,
    create_run,
    get_run,
    list_artifacts,
    open_store,
    read_points,
    requeue_run,
    update_run,
)

RECIPE = {
    "encoder.name": "vit_nano", "encoder.image_size": 32, "training.batch_size": 16, "training.steps": 1500,
    "training.warmup_epochs": 1, "training.knn_every_epochs": 0, "training.checkpoint_seconds": 1,
    "training.device": "cpu", "data.location": "builtin:digits", "settings.decoder_depth": 1,
}  # fmt: skip


def make_run(store, workers):
    recipe = make_recipe("mae", "quick", {**RECIPE, "training.workers": workers})
    run = create_run(store, name="to be killed", method="mae", recipe=recipe.model_dump(), seed=0)
    claim_run(store, device="cpu", host="here")
    return run.id


def start(store, run_id):
    command = [sys.executable, "-m", "engine.jobs.worker", "--store", store.url, "--run-id", str(run_id)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)


def kill_at_random(store, run_id, rng):
    """Start the run, kill its whole group after a random while; False when it had ended by then."""
    process = start(store, run_id)
    while not get_run(store, run_id).phase.startswith(("training", "judging", "saving", "starting")):
        time.sleep(0.02)
        if process.poll() is not None:
            raise SystemExit(f"the worker ended early: {get_run(store, run_id).error}")
    time.sleep(rng.uniform(0, 1.5))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if get_run(store, run_id).status is RunStatus.FINISHED:
        return False
    update_run(store, run_id, status=RunStatus.FAILED, error="killed", pid=None)
    if not get_run(store, run_id).is_resumable:
        raise SystemExit("a killed run is not resumable")
    requeue_run(store, run_id)
    claim_run(store, device="cpu", host="here")
    return True


def outcome(store, run_id):
    content = load_checkpoint(list_artifacts(store, run_id, "checkpoint")[-1].path)
    losses = [(step, value) for step, value, _ in read_points(store, run_id, "loss")]
    return content.weights, losses


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json")
    options = parser.parse_args()
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store.sqlite")
        whole = make_run(store, options.workers)
        start(store, whole).wait()
        weights, losses = outcome(store, whole)
        kills = runs = equal = 0
        while kills < options.kills:
            run_id = make_run(store, options.workers)
            while kills < options.kills and kill_at_random(store, run_id, rng):
                kills += 1
            start(store, run_id).wait()
            theirs, their_losses = outcome(store, run_id)
            same = all(torch.equal(weights[name], theirs[name]) for name in weights)
            runs, equal = runs + 1, equal + (same and losses == their_losses)
            print(f"{kills} kills so far, {equal} of {runs} runs bit-equal", flush=True)
        store.close()
    if options.json:
        Path(options.json).write_text(json.dumps({"kills": kills, "runs": runs, "bit_equal": equal}))


if __name__ == "__main__":
    main()
