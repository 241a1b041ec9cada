"""The supervisor starts, watches, ends and finds again real worker processes."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from engine.declared import make_recipe
from engine.store import (
    CommandKind,
    Level,
    RunStatus,
    create_run,
    events_after,
    get_run,
    open_store,
    requeue_run,
    send_command,
    update_run,
)
from engine.supervisor import Supervisor
from engine.supervisor.crew import Crew

pytestmark = pytest.mark.slow
WORKER = [sys.executable, str(Path(__file__).with_name("stand_in_worker.py"))]
PATIENCE_SECONDS = 40


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "studio.sqlite")
    yield store
    store.close()


@pytest.fixture
def supervise(store):
    """Start supervisors on the store; at the end they stop and no worker is left."""
    started = []

    def start(**options):
        supervisor = Supervisor(
            store.path, **{"worker_command": WORKER, "devices": ["cpu"], "poll_seconds": 0.05, **options}
        )
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()
    for process in workers_of(store):
        process.kill()


def workers_of(store):
    """Every living process that was started for this store."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if store.url in (process.info["cmdline"] or []) and process.status() != psutil.STATUS_ZOMBIE
    ]


def queue(store, name="a run", device="cpu", **behaviour):
    return create_run(store, name=name, method="mae", recipe=behaviour, seed=0, device=device).id


def queue_real_job(store, changes):
    """Queue a run that really trains, on very small pictures."""
    small = {"data.location": "builtin:digits", "encoder.image_size": 16, "training.batch_size": 8}
    quick = {"training.knn_every_epochs": 0, "training.workers": 0}
    recipe = make_recipe("mae", "quick", {**small, **quick, **changes})
    return create_run(store, name="real", method="mae", recipe=recipe.model_dump(mode="json"), seed=0).id


def status(store, run_id):
    return get_run(store, run_id).status


def wait_for(store, run_id, wanted):
    wait_until(lambda: status(store, run_id) is wanted, f"run {run_id} is {wanted}")


def wait_for_step(store, run_id, step=1):
    wait_until(lambda: get_run(store, run_id).step >= step, f"run {run_id} reaches step {step}")


def messages(store, run_id):
    return [event.message for event in events_after(store, run_id=run_id)]


def test_a_queued_run_is_started_and_finishes(store, supervise):
    run = queue(store, steps=3, say="three steps")
    supervisor = supervise()
    wait_for(store, run, RunStatus.FINISHED)
    wait_until(lambda: supervisor.is_idle, "nothing left to do")
    assert supervisor.holds_engine
    assert supervisor.owner == ""
    assert supervisor.last_error == ""
    assert (store.run_folder(run) / "worker.log").read_text().strip() == "three steps"


def test_one_device_takes_one_run_at_a_time(store, supervise):
    first, second = queue(store), queue(store, steps=1)
    supervise()
    wait_for_step(store, first, 10)
    assert status(store, second) is RunStatus.QUEUED
    send_command(store, first, CommandKind.STOP)
    wait_for(store, second, RunStatus.FINISHED)
    assert status(store, first) is RunStatus.STOPPED


def test_two_devices_take_two_runs_at_once(store, supervise):
    first, second = queue(store, device="cuda:0"), queue(store, device="cuda")
    supervise(devices=["cuda:0", "cuda:1", "cpu"])
    wait_for_step(store, first)
    wait_for_step(store, second)
    assert {get_run(store, run).claimed_device for run in (first, second)} == {"cuda:0", "cuda:1"}


def test_a_run_that_wants_any_device_waits_for_the_fast_one(store, supervise):
    first, second = queue(store, device="auto"), queue(store, device="auto")
    supervise(devices=["cuda:0", "cpu"])
    wait_for_step(store, first, 10)
    assert get_run(store, first).claimed_device == "cuda:0"
    assert status(store, second) is RunStatus.QUEUED


def queue_cards(store, name, processes):
    recipe = {"training": {"processes": processes}, "steps": 0}
    return create_run(store, name=name, method="mae", recipe=recipe, seed=0, device="auto").id


def test_a_run_of_several_processes_takes_as_many_cards_and_is_not_overtaken_on_them(store, supervise):
    names = {"first": 2, "second": 2, "single": 1, "last": 1}
    runs = {name: queue_cards(store, name, processes) for name, processes in names.items()}
    supervise(devices=["cuda:0", "cuda:1", "cuda:2", "cpu"])
    wait_for_step(store, runs["first"])
    wait_for_step(store, runs["single"])
    send_command(store, runs["single"], CommandKind.STOP)
    wait_for(store, runs["single"], RunStatus.STOPPED)
    wait_for_step(store, runs["last"])
    places = {name: get_run(store, run).claimed_device for name, run in runs.items()}
    # No pair could start on the third card, so it takes the single ones.
    assert places == {"first": "cuda:0", "second": "", "single": "cuda:2", "last": "cuda:2"}
    another = queue_cards(store, "another", 1)
    send_command(store, runs["first"], CommandKind.STOP)
    wait_for_step(store, runs["second"])
    assert get_run(store, runs["second"]).claimed_device == "cuda:0"
    assert status(store, another) is RunStatus.QUEUED


def test_a_run_that_wants_more_cards_than_there_are_says_so(store, supervise):
    run = queue_cards(store, "greedy", 3)
    supervise(devices=["cuda:0", "cuda:1", "cpu"])
    wait_until(lambda: messages(store, run), "the log says so")
    assert "'greedy' waits for 3 devices (auto); this computer has cuda:0, cuda:1, cpu." in messages(
        store, run
    )
    assert status(store, run) is RunStatus.QUEUED


def test_a_run_for_a_device_that_is_not_here_says_what_it_waits_for(store, supervise):
    run = queue(store, device="cuda:5")
    supervisor = supervise()
    wait_until(lambda: messages(store, run), "it says so")
    assert "waits for the device cuda:5; this computer has cpu." in messages(store, run)[0]
    wait_until(lambda: supervisor.is_idle, "the supervisor has nothing to do")
    assert status(store, run) is RunStatus.QUEUED


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_worker_killed_with_minus_nine_leaves_a_failed_run_that_can_be_resumed(store, supervise):
    run = queue(store, say="the last words")
    supervise()
    wait_for_step(store, run)
    os.kill(get_run(store, run).pid, signal.SIGKILL)
    wait_for(store, run, RunStatus.FAILED)
    failed = get_run(store, run)
    assert "signal 9" in failed.error
    assert "Resume" in failed.error_fix
    assert failed.pid is None
    assert failed.is_resumable
    wait_until(lambda: events_after(store, run_id=run), "the log says so")
    event = events_after(store, run_id=run)[-1]
    assert event.level is Level.ERROR
    assert "the last words" in event.detail
    requeue_run(store, run)
    wait_for_step(store, run, failed.step + 1)


def test_a_worker_that_ends_with_a_code_is_explained_by_its_last_line(store, supervise):
    run = queue(store, exit=3, say="ValueError: no such thing")
    supervise()
    wait_for(store, run, RunStatus.FAILED)
    assert "exit code 3: ValueError: no such thing" in get_run(store, run).error


def test_a_worker_that_cannot_start_fails_its_run_in_words(store, supervise):
    run = queue(store)
    supervise(worker_command=["/nowhere/at/all"])
    wait_for(store, run, RunStatus.FAILED)
    assert "cannot start" in get_run(store, run).error


def test_a_run_whose_folder_cannot_be_made_fails_in_words(store, supervise):
    run = queue(store)
    (store.folder / "runs").mkdir(parents=True)
    (store.folder / "runs" / str(run)).write_text("a file where a folder should be")
    supervise()
    wait_for(store, run, RunStatus.FAILED)
    assert str(store.folder) in get_run(store, run).error
    assert get_run(store, run).error_fix


def test_a_worker_that_was_given_up_but_lives_makes_way_for_the_next(store, supervise):
    run = queue(store, deaf=True)
    first = supervise()
    wait_for_step(store, run)
    first.stop(runs="keep")
    (given_up,) = workers_of(store)
    with store.begin() as connection:
        connection.execute(text("UPDATE run SET status = 'queued', pid = NULL"))
    supervise()
    wait_until(lambda: not given_up.is_running(), "the first worker ends")
    wait_until(lambda: len(workers_of(store)) == 1, "another one takes the run")


def test_pausing_without_release_keeps_the_worker(store, supervise):
    run = queue(store)
    supervise()
    wait_for_step(store, run)
    send_command(store, run, CommandKind.PAUSE)
    wait_for(store, run, RunStatus.PAUSED)
    assert psutil.pid_exists(get_run(store, run).pid)
    waiting = queue(store, steps=1)
    send_command(store, run, CommandKind.RESUME)
    wait_for_step(store, run, get_run(store, run).step + 2)
    assert status(store, waiting) is RunStatus.QUEUED


def test_pausing_with_release_gives_the_device_to_the_next_run(store, supervise):
    run, following = queue(store), queue(store, steps=2)
    supervise()
    wait_for_step(store, run)
    send_command(store, run, CommandKind.PAUSE, release=True)
    wait_for(store, following, RunStatus.FINISHED)
    paused = get_run(store, run)
    assert paused.status is RunStatus.PAUSED
    assert paused.pid is None
    requeue_run(store, run)
    wait_for_step(store, run, paused.step + 1)


def test_stop_now_ends_the_process_tree_of_a_deaf_worker(store, supervise):
    run = queue(store, deaf=True, child=True)
    supervise(grace_seconds=0.2)
    wait_for_step(store, run)
    child = psutil.Process(int((store.run_folder(run) / "child.pid").read_text()))
    send_command(store, run, CommandKind.STOP_NOW)
    wait_for(store, run, RunStatus.STOPPED)
    wait_until(lambda: not child.is_running(), "its child is gone")
    assert get_run(store, run).is_resumable


def test_killing_a_run_ends_it_without_grace(store, supervise):
    run = queue(store, deaf=True, child=True)
    supervisor = supervise(grace_seconds=3600)
    wait_for_step(store, run)
    supervisor.kill_run(run)
    wait_for(store, run, RunStatus.STOPPED)
    wait_until(lambda: not workers_of(store), "no worker is left")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_a_killed_worker_started_is_ended_too(store, supervise):
    run = queue(store, child=True)
    supervise()
    wait_for_step(store, run)
    child = psutil.Process(int((store.run_folder(run) / "child.pid").read_text()))
    os.kill(get_run(store, run).pid, signal.SIGKILL)
    wait_for(store, run, RunStatus.FAILED)
    wait_until(lambda: not child.is_running(), "its child is gone")


def test_a_stop_now_of_an_earlier_life_does_not_end_a_resumed_run(store, supervise):
    run = queue(store, deaf=True)
    supervise(grace_seconds=0.0)
    wait_for_step(store, run)
    send_command(store, run, CommandKind.STOP_NOW)
    wait_for(store, run, RunStatus.STOPPED)
    step = get_run(store, run).step
    requeue_run(store, run)
    wait_for_step(store, run, step + 20)
    assert status(store, run) is RunStatus.RUNNING


def test_workers_go_on_without_a_supervisor_and_the_next_one_adopts_them(store, supervise):
    run = queue(store)
    first = supervise()
    wait_for_step(store, run)
    assert first.stop(runs="keep")
    assert not first.is_running
    pid, step = get_run(store, run).pid, get_run(store, run).step
    wait_for_step(store, run, step + 5)
    waiting = queue(store, steps=1)
    supervise()
    send_command(store, run, CommandKind.STOP)
    wait_for(store, waiting, RunStatus.FINISHED)
    assert pid not in [process.pid for process in workers_of(store)]
    assert status(store, run) is RunStatus.STOPPED


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_run_survives_a_studio_that_is_killed_and_the_next_one_finds_it(store, supervise):
    run = queue(store)
    script = (
        "import sys, time; from engine.supervisor import Supervisor;"
        "Supervisor(sys.argv[1], devices=['cpu'], worker_command=sys.argv[2:]).start(); time.sleep(600)"
    )
    studio = psutil.Popen([sys.executable, "-c", script, str(store.path), *WORKER])
    wait_for_step(store, run)
    studio.kill()
    studio.wait()
    step = get_run(store, run).step
    supervisor = supervise()
    wait_until(lambda: supervisor.holds_engine, "the lock went with the studio")
    wait_for_step(store, run, step + 5)
    following = queue(store, steps=1)
    send_command(store, run, CommandKind.STOP)
    wait_for(store, following, RunStatus.FINISHED)
    assert status(store, run) is RunStatus.STOPPED


def test_a_run_that_was_deleted_under_its_worker_does_not_stop_the_engine(store, supervise):
    run = queue(store)
    supervisor = supervise()
    wait_for_step(store, run)
    with store.begin() as connection:
        connection.execute(text("DELETE FROM run"))
    following = queue(store, steps=1)
    wait_for(store, following, RunStatus.FINISHED)
    assert supervisor.last_error == ""


def test_stopping_with_pause_waits_until_every_worker_left(store, supervise):
    run = queue(store)
    supervisor = supervise()
    wait_for_step(store, run)
    assert supervisor.stop(runs="pause")
    assert status(store, run) is RunStatus.PAUSED
    assert get_run(store, run).is_resumable
    assert not workers_of(store)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_worker_that_is_just_ending_does_not_keep_the_others_from_being_paused(store, supervise):
    ending = queue(store, steps=1, linger=5)
    going_on = queue(store, device="mps")
    supervisor = supervise(devices=["cpu", "mps"])
    wait_for_step(store, going_on)
    wait_for(store, ending, RunStatus.FINISHED)
    assert supervisor.stop(runs="pause", timeout=PATIENCE_SECONDS)
    assert status(store, going_on) is RunStatus.PAUSED


def test_a_worker_that_died_while_nobody_watched_is_settled_by_the_next_supervisor(store, supervise):
    run = queue(store)
    first = supervise()
    wait_for_step(store, run)
    first.stop(runs="keep")
    os.kill(get_run(store, run).pid, signal.SIGKILL)
    supervise()
    wait_for(store, run, RunStatus.FAILED)
    assert get_run(store, run).is_resumable


def test_a_run_lost_on_another_computer_is_reported_once(store, supervise):
    run = queue(store, name="far away")
    update_run(store, run, status=RunStatus.STARTING, host="elsewhere")
    with store.begin() as connection:
        connection.execute(text("UPDATE run SET heartbeat_at = heartbeat_at - 3600"))
    for _ in range(2):
        supervisor = supervise()
        wait_until(lambda supervisor=supervisor: supervisor.is_idle, "the supervisor has looked")
        supervisor.stop()
    lost = [message for message in messages(store, run) if "elsewhere" in message]
    assert len(lost) == 1
    assert get_run(store, run).is_lost


def test_a_job_can_run_inside_the_thread(store, supervise):
    run = queue_real_job(store, {"training.steps": 3, "training.warmup_epochs": 0})
    supervisor = supervise(in_process=True)
    wait_for(store, run, RunStatus.FINISHED)
    wait_until(lambda: supervisor.is_idle, "the thread is free again")
    assert supervisor.last_error == ""
    assert not workers_of(store)
    assert get_run(store, run).step == 3


def test_stopping_pauses_a_job_inside_the_thread(store, supervise):
    run = queue_real_job(store, {})
    supervisor = supervise(in_process=True)
    wait_for_step(store, run)
    assert supervisor.stop()
    assert status(store, run) is RunStatus.PAUSED
    assert get_run(store, run).is_resumable


def test_a_job_inside_the_thread_that_waits_is_not_taken_for_one_that_left(store, supervise):
    run = queue_real_job(store, {})
    supervise(in_process=True)
    wait_for_step(store, run)
    send_command(store, run, CommandKind.PAUSE)
    wait_for(store, run, RunStatus.PAUSED)
    assert not get_run(store, run).is_resumable
    send_command(store, run, CommandKind.RESUME)
    wait_for(store, run, RunStatus.RUNNING)


def test_a_second_supervisor_says_who_has_the_engine_and_takes_over_later(store, supervise):
    first = supervise()
    wait_until(lambda: first.holds_engine, "the first holds the engine")
    second = supervise(program="second studio")
    wait_until(lambda: second.owner, "the second says who has it")
    assert second.owner == (
        f"Another studio on this computer (process {os.getpid()}) already runs the training of this store."
    )
    assert second.is_running
    assert not second.holds_engine
    first.stop()
    wait_until(lambda: second.holds_engine, "the second takes over")
    assert second.owner == ""
    run = queue(store, steps=1)
    wait_for(store, run, RunStatus.FINISHED)


def test_a_store_that_cannot_be_opened_is_said_in_words_and_tried_again(tmp_path):
    location = tmp_path / "studio.sqlite"
    location.write_text("this is no database " * 100)
    supervisor = Supervisor(location, devices=["cpu"], worker_command=WORKER, poll_seconds=0.02)
    supervisor.start()
    try:
        wait_until(lambda: supervisor.last_error, "it says what is wrong")
        assert str(location) in supervisor.last_error
        location.unlink()
        wait_until(lambda: supervisor.holds_engine, "it works once the file is out of the way")
        wait_until(lambda: not supervisor.last_error, "all is well again")
    finally:
        supervisor.stop()


def test_supervising_does_not_import_torch_or_qt(tmp_path):
    script = (
        "import sys; from engine.supervisor import Supervisor; s = Supervisor(sys.argv[1]); s.start(); s.stop();"
        "sys.exit('torch' in sys.modules or 'PySide6' in sys.modules)"
    )
    process = psutil.Popen([sys.executable, "-c", script, str(tmp_path / "studio.sqlite")])
    assert process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("recipe", "null", "recipe cannot be read"),
        ("recipe", "[1, 2]", "recipe cannot be read"),
        ("recipe", '"text"', "recipe cannot be read"),
        ("recipe", "{bad", "recipe cannot be read"),
        ("recipe", '{"training": 3}', "recipe cannot be read"),
        ("recipe", '{"training": {"processes": "many"}}', "'many' processes"),
        ("recipe", '{"training": {"processes": -2}}', "'-2' processes"),
        ("kind", "knit", "of the kind 'knit'"),
        ("device", "toaster", "no device called 'toaster'"),
        ("device", b"\xff", "no device called"),
        ("position", "first", "position cannot be read"),
    ],
)
def test_a_queued_run_that_nobody_can_train_fails_in_words_and_the_queue_goes_on(
    store, column, value, sentence
):
    bad, good = queue(store), queue(store, "good", steps=1)
    with store.begin() as connection:
        connection.exec_driver_sql(f"UPDATE run SET {column} = ? WHERE id = ?", (value, bad))
    crew = Crew(store, devices=["cpu"], command=WORKER, grace_seconds=1.0)
    crew.tick()
    failed = get_run(store, bad)
    assert failed.status is RunStatus.FAILED
    assert sentence in failed.error
    assert failed.started_at is None
    assert status(store, good) is RunStatus.STARTING
    for watch in crew._watches.values():
        watch.process.kill()
        watch.process.wait(5)
        watch.process.forget()
