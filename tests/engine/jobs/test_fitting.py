"""What a method learns before its first step: once a run, to be stopped, the same after a resume."""

import pytest
import torch

from engine.checkpoint import load_checkpoint
from engine.declared import make_recipe
from engine.jobs.pretrain import run as do_run
from engine.methods.cae import CAE
from engine.store import (
    CommandKind,
    RunStatus,
    claim_run,
    create_run,
    events_after,
    list_artifacts,
    requeue_run,
    send_command,
)

SETTINGS = {
    "encoder.name": "vit_nano",
    "encoder.image_size": 32,
    "encoder.patch_size": 8,
    "training.batch_size": 8,
    "training.steps": 6,
    "training.warmup_epochs": 0,
    "training.workers": 0,
    "training.knn_every_epochs": 0,
    "training.device": "cpu",
    "settings.codes": 8,
    "settings.tokenizer_width": 8,
    "settings.tokenizer_steps": 4,
    "settings.smallest_block": 2,
}


@pytest.fixture
def make_claimed(store, picture_folder):
    folder = picture_folder(classes=2, each=16, name="pictures")

    def make(target):
        values = {**SETTINGS, "data.location": str(folder), "settings.target": target}
        recipe = make_recipe("cae", "quick", values)
        create_run(
            store, name="a test's run", method="cae", recipe=recipe.model_dump(), seed=recipe.training.seed
        )
        return claim_run(store, device="cpu", host="here")

    return make


def state_of(store, run_id):
    return load_checkpoint(list_artifacts(store, run_id, "checkpoint")[-1].path).weights


@pytest.mark.parametrize("target", ["pixels", "kmeans", "tokenizer"])
def test_a_run_says_what_it_predicts_and_ends(store, make_claimed, target):
    run = do_run(store, make_claimed(target).id)
    assert run.status is RunStatus.FINISHED
    said = [
        event.message
        for event in events_after(store, run_id=run.id)
        if "The decoder predicts" in event.message
    ]
    assert len(said) == 1


@pytest.mark.parametrize("target", ["kmeans", "tokenizer"])
def test_two_runs_fit_the_same_and_a_first_checkpoint_has_it(store, make_claimed, target):
    first, second = (do_run(store, make_claimed(target).id) for _ in range(2))
    ours, theirs = state_of(store, first.id), state_of(store, second.id)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    earliest = load_checkpoint(list_artifacts(store, first.id, "checkpoint")[0].path)
    assert earliest.step == 0
    assert earliest.weights["target.fitted"]


def test_a_run_stopped_while_it_fits_begins_the_fitting_anew(store, make_claimed):
    whole = do_run(store, make_claimed("tokenizer").id)
    broken = make_claimed("tokenizer")
    send_command(store, broken.id, CommandKind.STOP)
    stopped = do_run(store, broken.id)
    assert (stopped.status, stopped.step) == (RunStatus.STOPPED, 0)
    assert not state_of(store, broken.id)["target.fitted"]
    requeue_run(store, broken.id)
    assert claim_run(store, device="cpu", host="here").id == broken.id
    ended = do_run(store, broken.id)
    assert ended.status is RunStatus.FINISHED, ended.error
    ours, theirs = state_of(store, broken.id), state_of(store, whole.id)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_resumed_run_does_not_fit_again(store, make_claimed, every_step_tells, monkeypatch):
    run, told, fitted = make_claimed("kmeans"), [], []
    fit = CAE.before_training
    monkeypatch.setattr(CAE, "before_training", lambda *args: (fitted.append(1), fit(*args)))

    def stop_early(progress):
        if progress.step >= 2 and not told:
            told.append(send_command(store, run.id, CommandKind.STOP))

    assert 2 <= do_run(store, run.id, on_progress=stop_early).step < 6
    requeue_run(store, run.id)
    claim_run(store, device="cpu", host="here")
    assert do_run(store, run.id).status is RunStatus.FINISHED
    assert fitted == [1]
