"""A run killed at any instant goes on as if nothing had been, whatever the number of loader processes."""

import signal
import sys

import pytest
import torch

from engine.checkpoint import load_checkpoint
from engine.jobs.pretrain import run as do_run
from engine.store import (
    CommandKind,
    RunStatus,
    claim_run,
    events_after,
    get_run,
    list_artifacts,
    read_points,
    requeue_run,
    send_command,
    update_run,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("every_step_tells")]


def final_weights(store, run_id):
    content = load_checkpoint(list_artifacts(store, run_id, "checkpoint")[-1].path)
    return content.step, content.weights


def curve(store, run_id):
    return [(step, value) for step, value, _ in read_points(store, run_id, "loss")]


def assert_same_run(store, first, second):
    assert curve(store, first) == curve(store, second)
    (step, ours), (other_step, theirs) = final_weights(store, first), final_weights(store, second)
    assert step == other_step
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def resume(store, run_id):
    # Nobody waits 30 s for a heartbeat in a test: the engine thread marks a dead worker's run, as here.
    update_run(store, run_id, status=RunStatus.FAILED, error="killed", pid=None)
    requeue_run(store, run_id)
    assert claim_run(store, device="cpu", host="here").id == run_id


# A worker that kills itself: from outside, a slow machine may see step 9 only after the run has ended.
KILLED_AT = """
import os, signal, sys
from engine.jobs import pretrain, recorder
from engine.store import open_store

recorder.FLUSH_SECONDS = 0.0
url, run_id, last = sys.argv[1:]

def kill_itself(progress):
    if progress.step >= int(last):
        os.killpg(0, signal.SIGKILL)

if __name__ == "__main__":
    pretrain.run(open_store(url), int(run_id), on_progress=kill_itself)
"""


def test_a_worker_killed_mid_epoch_resumes_bit_for_bit(store, make_claimed, start_worker, tmp_path):
    whole = make_claimed(training__workers=0, training__steps=60)
    assert do_run(store, whole.id).status is RunStatus.FINISHED
    broken = make_claimed(training__workers=2, training__steps=60)
    at = 13  # of 8 steps an epoch
    script = tmp_path / "killed.py"
    script.write_text(KILLED_AT)
    worker = start_worker(
        broken.id, command=[sys.executable, str(script), store.url, str(broken.id), str(at)]
    )
    code, run = worker.wait()
    assert (code, run.status) == (-signal.SIGKILL, RunStatus.RUNNING)
    assert curve(store, broken.id)[-1][0] == at
    resume(store, broken.id)
    code, run = start_worker(broken.id).wait()
    assert (code, run.status, run.step) == (0, RunStatus.FINISHED, 60)
    assert run.images_seen == get_run(store, whole.id).images_seen == 60 * 8
    assert_same_run(store, whole.id, broken.id)


def test_stop_and_save_then_resume_is_the_uninterrupted_run(store, make_claimed):
    whole = make_claimed()
    do_run(store, whole.id)
    stopped = make_claimed()
    told = []

    def stop_early(progress):
        if progress.step >= 10 and not told:
            told.append(send_command(store, stopped.id, CommandKind.STOP))

    after = do_run(store, stopped.id, on_progress=stop_early)
    assert after.status is RunStatus.STOPPED
    assert 10 <= after.step < 60
    assert list_artifacts(store, stopped.id, "checkpoint")[-1].step == after.step
    requeue_run(store, stopped.id)
    claim_run(store, device="cpu", host="here")
    assert do_run(store, stopped.id).status is RunStatus.FINISHED
    assert_same_run(store, whole.id, stopped.id)


def test_a_damaged_newest_checkpoint_costs_only_the_steps_since_the_one_before(store, make_claimed):
    whole = make_claimed()
    do_run(store, whole.id)
    damaged = make_claimed(training__steps=60)
    told = []

    def stop_early(progress):
        if progress.step >= 20 and not told:
            told.append(send_command(store, damaged.id, CommandKind.STOP))

    do_run(store, damaged.id, on_progress=stop_early)
    whole_files = {
        each.path: each.path.read_bytes() for each in list_artifacts(store, damaged.id, "checkpoint")
    }
    newest, points = list(whole_files)[-1], curve(store, damaged.id)
    for path, content in whole_files.items():
        path.write_bytes(content[:1000])
    requeue_run(store, damaged.id)
    claim_run(store, device="cpu", host="here")
    refused = do_run(store, damaged.id)
    assert refused.status is RunStatus.FAILED
    assert "No checkpoint of run" in refused.error
    assert set(newest.parent.iterdir()) == set(whole_files)
    assert curve(store, damaged.id) == points

    for path, content in whole_files.items():
        if path != newest:
            path.write_bytes(content)
    requeue_run(store, damaged.id)
    claim_run(store, device="cpu", host="here")
    assert do_run(store, damaged.id).status is RunStatus.FINISHED
    said = [event.message for event in events_after(store, run_id=damaged.id)]
    assert any("was left out" in sentence and newest.name in sentence for sentence in said)
    assert_same_run(store, whole.id, damaged.id)
