"""Checkpoints are whole or absent, and never run anybody's code."""

import os
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoint import load_checkpoint, save_checkpoint, superfluous_steps
from engine.errors import CheckpointError


def test_what_is_saved_is_loaded(tmp_path):
    path = tmp_path / "step-1.pt"
    size = save_checkpoint(path, {"step": 1, "weights": torch.arange(5)})
    assert size == path.stat().st_size
    assert torch.equal(load_checkpoint(path)["weights"], torch.arange(5))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="/dev/full is a Linux device")
def test_a_full_disk_is_said_in_words_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "step-1.pt"
    save_checkpoint(path, {"step": 1})
    path.with_suffix(".tmp").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match="could not be written"):
        save_checkpoint(path, {"step": 2, "weights": torch.zeros(100_000)})
    assert load_checkpoint(path)["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


class _Opens:
    def __reduce__(self):
        return (os.system, ("touch /tmp/should-never-exist",))


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    path = tmp_path / "evil.pt"
    torch.save({"format": 1, "evil": _Opens()}, path)
    with pytest.raises(CheckpointError, match="would run code"):
        load_checkpoint(path)
    path.write_bytes(pickle.dumps(_Opens()))
    with pytest.raises(CheckpointError):
        load_checkpoint(path)
    assert not os.path.exists("/tmp/should-never-exist")


@pytest.mark.parametrize("damage", [b"", b"no checkpoint at all", None])
def test_a_damaged_file_is_refused_in_words(tmp_path, damage):
    path = tmp_path / "step-1.pt"
    save_checkpoint(path, {"weights": torch.arange(1000)})
    path.write_bytes(path.read_bytes()[:900] if damage is None else damage)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match="is gone"):
        load_checkpoint(tmp_path / "absent.pt")


def test_foreign_weights_are_refused(tmp_path):
    torch.save({"model": torch.zeros(3)}, tmp_path / "theirs.pt")
    with pytest.raises(CheckpointError, match="not made by this program"):
        load_checkpoint(tmp_path / "theirs.pt")


@given(st.sets(st.integers(0, 1000), min_size=1), st.integers(1, 5), st.booleans())
def test_newest_best_and_milestones_always_stay(steps, keep, has_best):
    best = min(steps) if has_best else None
    going = superfluous_steps(list(steps), keep=keep, best=best, total_steps=1000)
    staying = steps - set(going)
    assert set(sorted(steps)[-keep:]) <= staying
    assert best is None or best in staying
    assert len(staying) <= keep + 1 + 11
    assert {step // 100 for step in staying} == {step // 100 for step in steps}
