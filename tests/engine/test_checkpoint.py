"""Checkpoints are whole or absent, as they were written, and never run anybody's code."""

import errno
import os
import pickle
import stat

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, superfluous_steps
from engine.errors import CheckpointError


def checkpoint(step=1, size=5, **changes):
    return Checkpoint(step=step, trainer={"method": {"weights": torch.arange(float(size))}}, **changes)


def test_what_is_saved_is_loaded(tmp_path):
    path = tmp_path / "step-1.pt"
    seal = save_checkpoint(path, checkpoint(images_seen=8, best=0.5, origin={"file": "theirs.pth"}))
    assert seal.size == path.stat().st_size
    found = load_checkpoint(path, digest=seal.digest)
    assert torch.equal(found.weights["weights"], torch.arange(5.0))
    assert (found.step, found.images_seen, found.best, found.origin) == (1, 8, 0.5, {"file": "theirs.pth"})
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
def test_weights_are_for_their_owner_alone(tmp_path):
    path = tmp_path / "step-1.pt"
    before = os.umask(0)
    try:
        save_checkpoint(path, checkpoint())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


class Full:
    """A file on a disk that takes so many bytes and then has something else to say."""

    def __init__(self, file, room, code):
        self.file, self.room, self.code = file, room, code

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(self.code, os.strerror(self.code))
        return self.file.write(data)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()


@pytest.mark.parametrize("room", [0, 100, 200_000, 400_500])
@pytest.mark.parametrize(
    ("code", "words", "fix"),
    [
        (errno.ENOSPC, "no space left", "Free some space"),
        (errno.EDQUOT, "quota exceeded", "Free some space"),
        (errno.EIO, "put/output error", "Look at the disk"),
        (errno.EROFS, "read-only", "Make the folder writable"),
    ],
)
def test_a_disk_that_does_not_take_it_is_said_in_words_and_leaves_the_old_file(
    tmp_path, monkeypatch, room, code, words, fix
):
    path = tmp_path / "step-1.pt"
    save_checkpoint(path, checkpoint())
    opened = os.fdopen
    monkeypatch.setattr("engine.sealed_file.os.fdopen", lambda *how: Full(opened(*how), room, code))
    with pytest.raises(CheckpointError, match="could not be written") as problem:
        save_checkpoint(path, checkpoint(2, size=100_000))
    assert words in problem.value.message
    assert fix in problem.value.fix
    assert load_checkpoint(path).step == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_went_away_is_said_in_words(tmp_path):
    with pytest.raises(CheckpointError, match="no such file or directory"):
        save_checkpoint(tmp_path / "gone" / "step-1.pt", checkpoint())


def test_what_a_killed_process_left_is_written_over(tmp_path):
    path = tmp_path / "step-1.pt"
    path.with_suffix(".tmp").write_bytes(b"half of a")
    save_checkpoint(path, checkpoint())
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
    save_checkpoint(path, checkpoint(size=1000))
    path.write_bytes(path.read_bytes()[:900] if damage is None else damage)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match="is gone"):
        load_checkpoint(tmp_path / "absent.pt")


@pytest.mark.parametrize("knows_digest", [True, False])
def test_one_flipped_bit_is_noticed_wherever_numbers_are(tmp_path, knows_digest):
    path = tmp_path / "step-1.pt"
    seal = save_checkpoint(path, checkpoint(size=1000))
    whole = path.read_bytes()
    start = whole.index(torch.arange(1000.0).numpy().tobytes())
    for place in range(start, start + 4000, 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CheckpointError, match="has changed" if knows_digest else "is damaged"):
            load_checkpoint(path, digest=seal.digest if knows_digest else "")


@pytest.mark.parametrize(
    "changes",
    [
        {"step": -1},
        {"step": 10**40},
        {"step": True},
        {"step": "1"},
        {"images_seen": None},
        {"best": float("nan")},
        {"best": 10**400},
        {"num_classes": 10**12},
        {"recipe": {}},
        {"origin": []},
        {"trainer": None},
        {"trainer": {}},
        {"trainer": {"method": {}}},
        {"trainer": {"method": {"weights": 1.0}}},
        {"trainer": {"method": {"weights": torch.zeros(1)}, "step": 2}},
    ],
)
def test_values_that_no_run_writes_are_refused(tmp_path, changes):
    path = tmp_path / "step-1.pt"
    save_checkpoint(path, Checkpoint(**{"step": 1, "trainer": {"method": {"a": torch.zeros(1)}}, **changes}))
    with pytest.raises(CheckpointError, match="no sensible value"):
        load_checkpoint(path)


@pytest.mark.parametrize("content", [[], {"format": 1}, {"format": 1, "step": 1}, torch.zeros(3), 7])
def test_a_file_with_other_content_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "other.pt")


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
