"""Runs of two processes under torchrun: the same run as of one, told, stopped, killed and resumed as one."""

import signal
import sys
import time

import psutil
import pytest
import torch

from engine.declared import make_recipe
from engine.jobs.pretrain import run as do_run
from engine.jobs.trained import load_trained
from engine.nn.encoders import make_encoder
from engine.recipe import EncoderSettings
from engine.store import (
    CommandKind,
    RunStatus,
    claim_run,
    create_run,
    events_after,
    get_run,
    list_artifacts,
    read_points,
    requeue_run,
    send_command,
    update_run,
)
from engine.supervisor import Supervisor
from tests.engine.jobs.conftest import TINY, Worker

pytestmark = pytest.mark.slow
SMALL = {
    "training.steps": 12,
    "training.warmup_epochs": 0.5,
    "training.optimizer": "sgd",
    "training.base_lr": 0.01,
    "training.processes": 2,
    "training.precision": "fp32",  # in bf16, which some processors choose, the order of a sum is seen
    "training.knn_every_epochs": 1,
}
METHODS = {
    "dino": {"settings.prototypes": 64, "settings.head_hidden": 64, "settings.drop_path": 0.0},
    # A small rate, for batch norms of eight pictures make much of a rounding error in a dozen steps.
    "simclr": {"encoder.name": "resnet_nano", "training.base_lr": 0.001},
}


@pytest.fixture
def queue(store, picture_folder):
    folder = picture_folder(classes=2, each=32, name="default")

    def make(method="dino", **changes):
        plain = {name: value for name, value in TINY.items() if not name.startswith("settings.")}
        changes = {key.replace("__", "."): value for key, value in changes.items()}
        values = {**plain, **SMALL, **METHODS[method], "data.location": str(folder), **changes}
        recipe = make_recipe(method, "quick", values)
        return create_run(
            store, name="a test's run", method=method, recipe=recipe.model_dump(mode="json"), seed=0
        ).id

    return make


def claim(store, run_id):
    assert claim_run(store, device="cpu", host="here", run_id=run_id) is not None
    return run_id


@pytest.fixture
def start_by_hand(store):
    """Two processes of a claimed run, started as a person would; nothing of them is left at the end."""
    workers = []
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]

    def start(run_id):
        command_line = [*command, "-m", "engine.jobs.worker", "--store", store.url, "--run-id", str(run_id)]
        workers.append(Worker(store, run_id, command_line))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.kill()
    wait_until(lambda: not processes_of(store), "the processes end with their launcher")


def processes_of(store):
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if store.url in (process.info["cmdline"] or []) and process.status() != psutil.STATUS_ZOMBIE
    ]


def ranks_of(store):
    return sorted(
        (process for process in processes_of(store) if "torch.distributed.run" not in process.cmdline()),
        key=lambda process: process.environ()["RANK"],
    )


def wait_until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)


def curve(store, run_id, name="loss"):
    return {step: value for step, value, _ in read_points(store, run_id, name)}


def words(store, run_id):
    return [event.message for event in events_after(store, run_id=run_id)]


@pytest.fixture
def weights(tmp_path):
    """A file of weights that are not those that any run starts with by itself."""
    torch.manual_seed(7)
    settings = EncoderSettings(name="vit_nano", image_size=32, patch_size=8)
    torch.save(make_encoder(settings).network.state_dict(), tmp_path / "weights.pth")
    return {"encoder__weights": str(tmp_path / "weights.pth")}


@pytest.mark.parametrize("method", ["dino", "simclr"])
def test_two_processes_started_by_hand_have_the_losses_of_one(store, queue, start_by_hand, weights, method):
    start = weights if method == "dino" else {}
    alone = claim(store, queue(method, training__processes=1, **start))
    assert do_run(store, alone).status is RunStatus.FINISHED
    shared = queue(method, **start)  # waits: whoever starts it by hand need not claim it
    code, run = start_by_hand(shared).wait()
    assert (code, run.status, run.step) == (0, RunStatus.FINISHED, 12)
    expected, found = curve(store, alone), curve(store, shared)
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, rel=1e-5)
    assert curve(store, shared, "knn") == pytest.approx(curve(store, alone, "knn"), abs=0.051)
    assert run.images_seen == get_run(store, alone).images_seen == 12 * 8
    assert "2 processes train together, 4 pictures each a batch." in words(store, shared)
    assert any(message.startswith("Starts from") for message in words(store, shared)) == bool(start)
    ours, theirs = (load_trained(store, run).method.state_dict() for run in (alone, shared))
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        torch.testing.assert_close(
            theirs[name], values, atol=1e-4, rtol=0, msg=lambda text, n=name: f"{n}: {text}"
        )


def test_a_killed_pair_resumes_and_ends_as_if_nothing_had_been(store, queue, start_by_hand):
    whole, broken = claim(store, queue(training__processes=1)), claim(store, queue())
    do_run(store, whole)
    send_command(store, broken, CommandKind.PAUSE)  # so that it cannot have ended before it is killed
    worker = start_by_hand(broken)
    worker.wait_for(lambda run: run.status is RunStatus.PAUSED)
    worker.kill()  # the launcher only: the two must notice
    wait_until(lambda: not processes_of(store), "both processes are gone")
    # One that sees the other leave before it leaves itself still says so: the run has failed then, else it looks alive.
    assert get_run(store, broken).step < 12
    update_run(store, broken, status=RunStatus.FAILED, error="killed", pid=None)
    requeue_run(store, broken)
    code, run = start_by_hand(claim(store, broken)).wait()
    assert (code, run.status) == (0, RunStatus.FINISHED)
    assert curve(store, broken) == pytest.approx(curve(store, whole), abs=1e-5)
    assert any(message.startswith("Resumed from step") for message in words(store, broken))


def test_both_wait_while_paused_and_leave_when_stopped(store, queue, start_by_hand):
    run_id = claim(store, queue(training__steps=100_000, training__knn_every_epochs=0))
    worker = start_by_hand(run_id)
    worker.wait_for(lambda run: run.step >= 2)
    send_command(store, run_id, CommandKind.PAUSE)
    paused = worker.wait_for(lambda run: run.status is RunStatus.PAUSED)
    time.sleep(1)
    assert get_run(store, run_id).step <= paused.step + 1
    assert len(ranks_of(store)) == 2
    send_command(store, run_id, CommandKind.RESUME)
    worker.wait_for(lambda run: run.step > paused.step + 1)
    send_command(store, run_id, CommandKind.STOP)
    code, run = worker.wait()
    assert (code, run.status) == (0, RunStatus.STOPPED)
    assert list_artifacts(store, run_id, "checkpoint")[-1].step == run.step


def test_a_batch_that_cannot_be_shared_fails_in_words(store, queue, start_by_hand):
    run_id = claim(store, queue(training__batch_size=7))
    code, run = start_by_hand(run_id).wait()
    assert (code != 0, run.status) == (True, RunStatus.FAILED)
    assert "2 training processes cannot share a batch of 7 evenly" in run.error


@pytest.fixture
def supervise(store):
    supervisor = Supervisor(store.url, devices=["cpu"], poll_seconds=0.05)
    supervisor.start()
    yield supervisor
    supervisor.stop(runs="pause")


def test_the_studio_starts_both_processes(store, queue, supervise):
    run_id = queue()
    wait_until(lambda: get_run(store, run_id).status is RunStatus.FINISHED, "the run is finished", 120)
    assert "2 processes train together, 4 pictures each a batch." in words(store, run_id)
    assert not (store.run_folder(run_id) / "worker.log").read_text().count("Traceback")


def test_when_one_process_is_killed_the_run_ends_in_words_and_nothing_is_left(store, queue, supervise):
    run_id = queue(training__steps=100_000, training__knn_every_epochs=0)
    wait_until(lambda: get_run(store, run_id).step >= 2, "the run trains", 120)
    ranks_of(store)[1].send_signal(signal.SIGKILL)
    wait_until(lambda: get_run(store, run_id).status is RunStatus.FAILED, "the run has failed")
    failed = get_run(store, run_id)
    assert "killed" in failed.error or "Another process of this run has ended." in failed.error
    assert "esume" in failed.error_fix
    assert failed.is_resumable
    wait_until(lambda: not processes_of(store), "both processes are gone")
