"""Loader processes that are ended, that halt, or that have no room to hand their batches over."""

import os
import signal
import sys
import time

import numpy as np
import psutil
import pytest
import torch
from torch.utils.data import get_worker_info

from engine.data.loader import make_loader
from engine.data.shared_room import SharedRoom
from engine.data.sources import open_pictures
from engine.errors import DataError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and shared memory as Linux has them")


def plain_view(picture, rng):
    return {"image": picture, "noise": torch.from_numpy(rng.random(50_000))}


def view_of_a_killed_process(picture, rng):
    if get_worker_info() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"image": picture}


def view_of_a_process_without_room(picture, rng):
    if get_worker_info() is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # shared memory is a file, too
    return plain_view(picture, rng)


calls = []


def view_of_a_process_that_halts(picture, rng):
    calls.append(rng)
    if len(calls) == 10:  # in the third batch
        time.sleep(1)  # the first is on its way
        os.kill(os.getpid(), signal.SIGSTOP)
    return {"image": picture}


@pytest.fixture(autouse=True)
def torch_looks_often(monkeypatch):
    """Torch looks every five seconds whether its processes live, and waits as long for their end."""
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.5)


@pytest.fixture(scope="module")
def pictures():
    return open_pictures("builtin:digits")


def batches(pictures, view, **changes):
    arguments = {"batch_size": 4, "seed": 3, "start_step": 0, "total_steps": 6, **changes}
    return make_loader(pictures, np.arange(64), view_maker=view, **arguments)


@pytest.mark.slow
def test_a_killed_loader_process_is_a_sentence_with_a_way_out(pictures):
    with pytest.raises(DataError, match="loader process was ended") as problem:
        list(batches(pictures, view_of_a_killed_process, workers=2))
    assert "training.workers" in problem.value.fix


@pytest.mark.slow
def test_where_there_is_no_room_to_hand_batches_over_they_are_made_here_and_that_is_said(pictures):
    notes = []
    made = list(batches(pictures, view_of_a_process_without_room, workers=2, on_note=notes.append))
    alone = list(batches(pictures, plain_view))
    assert len(notes) == 1
    assert "--shm-size" in notes[0]
    assert "training.workers=0" in notes[0]
    for ours, theirs in zip(made, alone, strict=True):
        assert all(torch.equal(ours[name], theirs[name]) for name in ("image", "noise", "index", "label"))


@pytest.mark.slow
def test_a_loader_process_that_halts_does_not_outlive_the_loader(pictures):
    known = {child.pid for child in psutil.Process().children(recursive=True)}
    loader = batches(pictures, view_of_a_process_that_halts, workers=1)
    next(loader)
    end = time.monotonic() + 60
    while not (halted := [child for child in _children(known) if child.status() == psutil.STATUS_STOPPED]):
        assert time.monotonic() < end
        time.sleep(0.05)
    loader.close()
    assert psutil.wait_procs(halted, timeout=10)[1] == []


def _children(known):
    return [child for child in psutil.Process().children(recursive=True) if child.pid not in known]


class Unshareable(torch.Tensor):
    def share_memory_(self):
        raise RuntimeError("unable to allocate shared memory(shm): No space left on device (28)")


def test_room_is_asked_for_again_only_when_there_may_be_some(monkeypatch):
    room = SharedRoom()
    assert room.takes({"image": torch.zeros(4), "skipped": []})
    assert not room.takes({"image": torch.zeros(4).as_subclass(Unshareable)})
    free = type("Found", (), {"f_bavail": 1, "f_frsize": 16})
    monkeypatch.setattr("engine.data.shared_room.os.statvfs", lambda _: free)
    assert not room.is_likely
    free.f_frsize = 17
    assert room.is_likely
    assert room.takes({"image": torch.zeros(4)})
    free.f_frsize = 0
    assert room.is_likely
