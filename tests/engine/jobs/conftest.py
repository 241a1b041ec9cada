"""Runs small enough to be trained in a test, and worker processes to train them."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from engine.checkpoint import Checkpoint
from engine.declared import make_recipe
from engine.jobs.keeper import Keeper
from engine.parts import make_method
from engine.store import RunStatus, claim_run, create_run, get_run, update_run

TINY = {
    "encoder.name": "vit_nano",
    "encoder.image_size": 32,
    "encoder.patch_size": 8,
    "training.batch_size": 8,
    "training.steps": 60,
    "training.warmup_epochs": 1,
    "training.workers": 0,
    "training.knn_every_epochs": 0,
    "training.checkpoint_seconds": 1,
    "training.device": "cpu",
    "settings.decoder_width": 32,
    "settings.decoder_depth": 1,
    "settings.decoder_heads": 2,
}


@pytest.fixture
def every_step_tells(monkeypatch):
    """Runs in this process write and tell at every step, so that a test can act at one of its choice."""
    monkeypatch.setattr("engine.jobs.recorder.FLUSH_SECONDS", 0.0)


@pytest.fixture
def make_claimed(store, picture_folder):
    folder = picture_folder(classes=2, each=32, name="default")

    def make(**changes):
        recipe = make_recipe(
            "mae",
            "quick",
            {
                **TINY,
                "data.location": str(folder),
                **{key.replace("__", "."): value for key, value in changes.items()},
            },
        )
        run = create_run(
            store, name="a test's run", method="mae", recipe=recipe.model_dump(), seed=recipe.training.seed
        )
        claimed = claim_run(store, device="cpu", host="here")
        assert claimed is not None
        assert claimed.id == run.id
        return claimed

    return make


@pytest.fixture
def make_saved(store, picture_folder):
    """A maker of runs of any method with one checkpoint of weights by chance, as if they had been trained."""

    def make(method="mae", **changes):
        changes = {key.replace("__", "."): value for key, value in changes.items()}
        changes = {"encoder.name": "vit_nano", "encoder.image_size": 32, "encoder.patch_size": 8, **changes}
        recipe = make_recipe(method, "quick", {"training.device": "cpu", **changes})
        run = create_run(
            store, name="a test's run", method=method, recipe=recipe.model_dump(mode="json"), seed=0
        )
        claim_run(store, device="cpu", host="here", run_id=run.id)
        update_run(store, run.id, status=RunStatus.RUNNING, pid=1)
        built = make_method(recipe, num_classes=2)
        with torch.no_grad():
            for weight in built.parameters():  # what starts at zero would hide what it scales
                weight.add_(0.02 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
        trainer = {"method": built.state_dict()}
        checkpoint = Checkpoint(step=3, trainer=trainer, recipe=recipe.model_dump_json(), num_classes=2)
        Keeper(store, run.id, keep=1, total_steps=3).save(checkpoint)
        return update_run(store, run.id, status=RunStatus.FINISHED, pid=None)

    return make


@pytest.fixture
def picture_folder(tmp_path):
    """A maker of folders with stripes of a random width, turned by class, so that there is something to learn."""

    def make(classes=2, each=20, side=40, name="pictures"):
        rng = np.random.default_rng(0)
        ramp = np.mgrid[0:side, 0:side]
        for label in range(classes):
            folder = tmp_path / name / f"class {label}"
            folder.mkdir(parents=True)
            for number in range(each):
                angle, width = np.pi * label / classes, rng.uniform(2, 6)
                wave = np.sin((ramp[0] * np.cos(angle) + ramp[1] * np.sin(angle)) / width + rng.uniform(0, 6))
                colour = rng.uniform(40, 120, 3)
                pixels = (wave[..., None] * colour + 127 + rng.normal(0, 3, (side, side, 3))).clip(0, 255)
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
        return tmp_path / name

    return make


class Worker:
    """A real worker process of a run."""

    def __init__(self, store, run_id, command=None):
        command = command or [
            sys.executable, "-m", "engine.jobs.worker", "--store", store.url, "--run-id", str(run_id)
        ]  # fmt: skip
        self.store, self.run_id = store, run_id
        self.process = subprocess.Popen(command, start_new_session=True)

    def wait_for(self, condition, seconds=90):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            run = get_run(self.store, self.run_id)
            if condition(run):
                return run
            time.sleep(0.02)
        raise AssertionError(f"waited {seconds} s in vain; the run is {get_run(self.store, self.run_id)}")

    def wait(self, seconds=120):
        code = self.process.wait(seconds)
        return code, get_run(self.store, self.run_id)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start_worker(store):
    workers = []

    def start(run_id, *, command=None):
        workers.append(Worker(store, run_id, command))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.kill()
