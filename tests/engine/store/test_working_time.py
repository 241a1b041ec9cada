"""When a run began, how long it has worked, and when its worker is known to be gone."""

import socket
import subprocess
import sys

import pytest

from engine.errors import StoreError
from engine.store import RunStatus, claim_run, get_run, requeue_run, update_run
from engine.store import run as run_module
from engine.store import runs as runs_module

STARTING, RUNNING, PAUSED = RunStatus.STARTING, RunStatus.RUNNING, RunStatus.PAUSED


@pytest.fixture
def clock(monkeypatch):
    """Time that a test moves by hand."""

    class Clock:
        now = 1_000_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(runs_module, "time", clock)
    monkeypatch.setattr(run_module, "time", clock)
    return clock


def test_all_sessions_count_and_neither_queue_nor_pause_does(store, make_run, clock):
    run = make_run()
    ways = [(10, STARTING), (1, RUNNING), (20, PAUSED), (500, RUNNING), (9, RunStatus.STOPPED)]
    ways += [(1000, RunStatus.QUEUED), (7, STARTING), (5, RUNNING), (5, RunStatus.FINISHED)]
    for seconds, status in ways:
        clock.now += seconds
        run = update_run(store, run.id, status=status)
    assert run.started_at == 1_000_010.0
    assert run.claimed_at == clock.now - 10
    assert run.seconds_worked(clock.now + 99) == 1 + 20 + 9 + 5 + 5


def test_a_stretch_that_goes_on_counts_to_this_moment(make_run, clock):
    run = make_run(STARTING, RUNNING)
    assert run.seconds_worked(clock.now + 12) == 12


def test_a_worker_that_died_unseen_worked_until_its_last_sign(store, make_run, clock):
    run = make_run(STARTING, RUNNING)
    clock.now += 8 * 3600
    assert get_run(store, run.id).is_lost
    assert requeue_run(store, run.id).seconds_worked(clock.now) == 0


def test_a_draft_has_not_started(store, make_run):
    run = make_run(STARTING, RunStatus.FAILED, RunStatus.QUEUED)
    draft = update_run(store, run.id, status=RunStatus.DRAFT)
    assert (draft.started_at, draft.claimed_at, draft.worked_seconds) == (None, None, 0.0)
    assert draft.seconds_worked(0.0) is None


def end(process):
    process.kill()
    process.wait()


@pytest.fixture
def worker():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    end(process)
    process.stdin.close()


def claim(store, host):
    return claim_run(store, device="cpu", host=host)


def test_a_worker_whose_process_ended_is_lost_at_once(store, make_run, worker):
    make_run()
    run = update_run(store, claim(store, socket.gethostname()).id, status=RUNNING, pid=worker.pid)
    assert not run.is_lost
    with pytest.raises(StoreError, match="cannot be resumed"):
        requeue_run(store, run.id)
    end(worker)
    assert get_run(store, run.id).is_lost
    assert requeue_run(store, run.id).status is RunStatus.QUEUED


def test_a_later_process_with_the_same_number_is_not_the_worker(store, make_run, worker):
    make_run()
    run = update_run(store, claim(store, socket.gethostname()).id, status=RUNNING, pid=worker.pid)
    started, _, space = run.process.partition(" ")
    with store.begin() as connection:
        earlier = f"{float(started) - 3600:.2f} {space}"
        connection.exec_driver_sql("UPDATE run SET process = ?", (earlier,))
    assert get_run(store, run.id).is_lost


@pytest.mark.parametrize("elsewhere", ["another computer", "another container"])
def test_a_process_that_cannot_be_seen_from_here_is_not_called_dead(store, make_run, worker, elsewhere):
    make_run()
    host = "elsewhere" if elsewhere == "another computer" else socket.gethostname()
    run = update_run(store, claim(store, host).id, status=RUNNING, pid=worker.pid)
    if elsewhere == "another container":
        with store.begin() as connection:
            connection.exec_driver_sql("UPDATE run SET process = process || '0'")
    end(worker)
    assert not get_run(store, run.id).is_lost
