"""Checkpoints between two lives of a run: the newest that is as it was written is used, and none is lost."""

import sqlite3

import pytest
import torch

from engine.checkpoint import save_checkpoint
from engine.errors import CheckpointError, StoreError
from engine.jobs.keeper import Keeper
from engine.jobs.trained import load_trained
from engine.store import list_artifacts, open_store, remove_artifact
from tests.benchmarks.bench_checkpoints import STEPS, SmallRun, play, same_learned


@pytest.fixture
def small(store):
    return SmallRun(store)


def steps(small):
    return [artifact.step for artifact in small.artifacts()]


def names(small):
    return sorted(path.name for path in small.artifacts()[0].path.parent.iterdir())


def test_changed_checkpoints_are_used_as_written_or_not_at_all(small):
    outcomes = play(small, 30, seed=1)
    assert {outcome.partition(": ")[2] for outcome in outcomes} >= {"an older one", "a sentence"}


def test_why_a_newer_one_was_left_out_is_said(small):
    newest = small.artifacts()[-1].path
    newest.write_bytes(newest.read_bytes()[:-1] + b"?")
    used, left_out = small.keeper.newest(lambda checkpoint: checkpoint.step)
    assert used == 4
    assert left_out == [
        "The checkpoint of step 6 was left out. step-000000006.pt has changed since it was written."
    ]


def test_a_network_of_other_sizes_is_named_by_its_first_tensor(small, store):
    other = SmallRun(store, encoder="vit_32x1x2")
    before = small.make_trainer()
    with pytest.raises(CheckpointError, match=r"as .* and the network as"):
        before.load_state(other.trainer.state())
    assert same_learned(before.state(), small.fresh)


def test_what_is_done_with_a_trained_network_takes_an_older_one_too(small, store):
    damaged = small.artifacts()[-1].path
    damaged.write_bytes(damaged.read_bytes()[:-100])
    found = load_trained(store, small.run.id)
    assert found.step == 4
    ours = found.method.state_dict()
    assert all(torch.equal(ours[name], value) for name, value in small.states[4]["method"].items())
    for artifact in small.artifacts():
        artifact.path.unlink()
    with pytest.raises(CheckpointError, match="can be used") as problem:
        load_trained(store, small.run.id)
    assert "is gone" in problem.value.message
    assert "start a new run" in problem.value.fix


def test_files_that_were_left_out_go_only_when_the_run_is_past_them(small):
    small.keeper.forget_after(2)
    assert steps(small) == [2]
    assert names(small) == ["step-000000002.pt", "step-000000004.unused", "step-000000006.unused"]
    small.trainer.load_state(small.states[4])
    small.keeper.save(small.checkpoint())
    assert names(small) == ["step-000000002.pt", "step-000000004.pt", "step-000000006.unused"]
    small.trainer.load_state(small.states[6])
    small.keeper.save(small.checkpoint())
    assert names(small) == [f"step-{step:09d}.pt" for step in STEPS]


def test_what_a_killed_worker_was_writing_is_cleared_and_nothing_else(small):
    folder = small.artifacts()[0].path.parent
    (folder / "step-000000008.tmp").write_bytes(b"half")
    (folder / "notes.tmp").write_bytes(b"a person's")
    assert small.keeper.settle() == []
    assert names(small) == ["notes.tmp", *(f"step-{step:09d}.pt" for step in STEPS)]


def test_a_checkpoint_without_a_row_is_taken_up(small, store):
    artifact = small.artifacts()[-1]
    remove_artifact(store, artifact.id)
    assert small.keeper.settle() == ["The checkpoint of step 6 was written but not noted down; it is now."]
    taken_up = small.artifacts()[-1]
    assert (taken_up.path, taken_up.meta["digest"]) == (artifact.path, artifact.meta["digest"])
    assert small.keeper.settle() == []


def test_a_file_without_a_row_that_is_not_the_run_s_is_not_taken_up(small, store):
    foreign = SmallRun(store, seed=1).artifacts()[-1].path
    artifact = small.artifacts()[-1]
    remove_artifact(store, artifact.id)
    artifact.path.write_bytes(foreign.read_bytes())
    assert small.keeper.settle() == []
    assert steps(small) == [2, 4]
    assert "step-000000006.unused" in names(small)


def test_a_store_that_is_locked_while_it_saves_loses_no_checkpoint(small, store):
    impatient = open_store(store.path, busy_seconds=0.05)
    keeper = Keeper(impatient, small.run.id, keep=9, total_steps=10)
    small.trainer.step = 7
    other = sqlite3.connect(store.path)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="locked"):
            keeper.save(small.checkpoint())
    finally:
        other.close()
        impatient.close()
    assert steps(small) == [2, 4, 6]
    assert len(small.keeper.settle()) == 1
    assert steps(small) == [2, 4, 6, 7]


def test_a_worker_killed_between_file_and_row_leaves_one_that_can_be_used(small, store):
    """The file is new and the row would be old: its digest would refuse the only checkpoint there is."""
    path, old = small.artifacts()[-1].path, small.artifacts()[-1]
    small.update()

    def killed():
        small.keeper._forget(old.step)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, small.checkpoint(), before_replacing=killed)
    assert steps(small) == [2, 4]
    assert len(small.keeper.settle()) == 1
    assert small.keeper.newest(lambda checkpoint: checkpoint.step) == (6, [])


def test_rows_of_an_older_program_have_no_digest_and_are_read(small, store):
    for artifact in small.artifacts():
        small.note(artifact, "")
    assert small.keeper.newest(lambda checkpoint: checkpoint.step) == (6, [])
    assert list_artifacts(store, small.run.id)[-1].meta == {}
