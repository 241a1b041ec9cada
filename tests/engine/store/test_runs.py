import time
from itertools import pairwise

import pytest

from engine.errors import StoreError
from engine.store import (
    CommandKind,
    Level,
    RunStatus,
    add_event,
    annotate_run,
    beat,
    claim_run,
    create_run,
    delete_run,
    events_after,
    get_run,
    list_runs,
    lost_runs,
    move_run,
    queued_runs,
    read_points,
    rename_run,
    requeue_run,
    send_command,
    take_commands,
    update_run,
    write_metrics,
)

STARTING, RUNNING, PAUSED = RunStatus.STARTING, RunStatus.RUNNING, RunStatus.PAUSED
FINISHED, STOPPED, FAILED = RunStatus.FINISHED, RunStatus.STOPPED, RunStatus.FAILED


def fall_silent(store, run_id, seconds=31.0):
    """Make the last sign of life older, as if time had passed."""
    with store.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE run SET heartbeat_at = ? WHERE id = ?", (time.time() - seconds, run_id)
        )


def test_a_new_run_is_queued_with_everything_it_was_given(store):
    recipe = {"schema": 1, "settings": {"mask_ratio": 0.75}, "names": ["ä", "b"]}
    made = create_run(store, name=" first ", method="mae", recipe=recipe, seed=2**40, device="cuda")
    assert made == get_run(store, made.id)
    assert (made.name, made.recipe, made.seed, made.device) == ("first", recipe, 2**40, "cuda")
    assert made.status is RunStatus.QUEUED
    assert made.queued_at == pytest.approx(time.time(), abs=60)
    assert made.share == 0.0


def test_a_missing_run_is_told_in_words(store):
    with pytest.raises(StoreError, match="no run 7"):
        get_run(store, 7)
    with pytest.raises(StoreError, match="no run 7"):
        update_run(store, 7, note="x")


def test_a_run_needs_a_name_and_begins_as_a_draft_or_queued(store, make_run):
    with pytest.raises(StoreError, match="needs a name"):
        make_run(name="  ")
    with pytest.raises(StoreError, match="draft or queued"):
        make_run(status=RUNNING)
    assert make_run(status=RunStatus.DRAFT).queued_at is None


def test_runs_are_listed_newest_first_by_state_and_number(store, make_run):
    first, second, third = make_run(), make_run(STARTING), make_run()
    assert [run.id for run in list_runs(store)] == [third.id, second.id, first.id]
    assert [run.id for run in list_runs(store, statuses=[STARTING])] == [second.id]
    assert [run.id for run in list_runs(store, limit=2)] == [third.id, second.id]


@pytest.mark.parametrize(
    "ways",
    [
        (STARTING, RUNNING, PAUSED, RUNNING, FINISHED),
        (STARTING, RUNNING, STOPPED, RunStatus.QUEUED, STARTING, FAILED),
        (RunStatus.DRAFT, RunStatus.QUEUED, STOPPED),
        (STARTING, PAUSED, RunStatus.QUEUED),
    ],
)
def test_a_run_goes_the_ways_of_its_life(make_run, ways):
    assert make_run(*ways).status is ways[-1]


@pytest.mark.parametrize(
    "ways",
    [
        (FINISHED,),
        (RUNNING,),
        (STARTING, RunStatus.DRAFT),
        (STARTING, RUNNING, RunStatus.QUEUED),
        (STARTING, RUNNING, FINISHED, RUNNING),
        (STARTING, RUNNING, FINISHED, RunStatus.QUEUED),
        (STARTING, RUNNING, FAILED, RUNNING),
    ],
)
def test_an_impossible_way_is_refused_in_words(store, make_run, ways):
    run = make_run(*ways[:-1])
    with pytest.raises(
        StoreError, match=f"Run {run.id} is {run.status.value} and cannot become {ways[-1].value}"
    ):
        update_run(store, run.id, status=ways[-1])
    assert get_run(store, run.id).status is run.status


def test_times_follow_the_status(make_run):
    run = make_run(STARTING, RUNNING, FINISHED)
    assert run.started_at is not None
    assert run.finished_at is not None
    times = [run.created_at, run.queued_at, run.started_at, run.finished_at]
    assert all(earlier <= later for earlier, later in pairwise(times))


def test_an_end_gives_the_process_back_and_keeps_the_error(store, make_run):
    run = make_run(STARTING, RUNNING)
    update_run(store, run.id, pid=1234)
    failed = update_run(store, run.id, status=FAILED, error="The loss is NaN.", error_fix="Lower it.")
    assert (failed.pid, failed.error, failed.error_fix) == (None, "The loss is NaN.", "Lower it.")
    again = requeue_run(store, run.id)
    assert (again.error, again.error_fix, again.finished_at, again.resumes) == ("", "", None, 1)


def test_a_queued_run_is_a_snapshot_and_a_draft_is_not(store, make_run):
    draft = make_run(status=RunStatus.DRAFT)
    assert update_run(store, draft.id, recipe={"schema": 1, "seed": 2}).recipe == {"schema": 1, "seed": 2}
    queued = make_run()
    with pytest.raises(StoreError, match="recipe of run"):
        update_run(store, queued.id, recipe={"other": 1})


def test_names_and_notes_change_at_any_time(store, make_run):
    run = make_run(STARTING, RUNNING)
    assert rename_run(store, run.id, "better name").name == "better name"
    assert annotate_run(store, run.id, "too bright").note == "too bright"
    with pytest.raises(StoreError, match="needs a name"):
        rename_run(store, run.id, "")


def test_a_beat_says_how_far_the_run_is(store, make_run):
    run = make_run(STARTING, RUNNING)
    update_run(store, run.id, total_steps=200)
    beat(store, run.id, step=50, epoch=1.5, images_seen=640, phase="training")
    read = get_run(store, run.id)
    assert (read.step, read.epoch, read.images_seen, read.phase) == (50, 1.5, 640, "training")
    assert read.share == 0.25
    assert not read.is_lost


def test_a_silent_worker_makes_its_run_lost_and_resumable(store, make_run):
    run = make_run(STARTING, RUNNING)
    with pytest.raises(StoreError, match="cannot be resumed"):
        requeue_run(store, run.id)
    fall_silent(store, run.id)
    assert [each.id for each in lost_runs(store)] == [run.id]
    assert get_run(store, run.id).is_resumable
    again = requeue_run(store, run.id)
    assert again.status is RunStatus.QUEUED
    assert not again.is_lost
    assert not lost_runs(store)


def test_a_paused_run_is_lost_only_if_a_worker_holds_it(store, make_run):
    held, released = make_run(STARTING, RUNNING), make_run(STARTING, RUNNING)
    update_run(store, held.id, status=PAUSED, pid=99)
    update_run(store, released.id, status=PAUSED, pid=None)
    for run in (held, released):
        fall_silent(store, run.id)
    assert [run.id for run in lost_runs(store)] == [held.id]
    assert get_run(store, released.id).is_resumable
    assert not get_run(store, released.id).is_active


def test_resuming_drops_commands_meant_for_the_worker_that_is_gone(store, make_run):
    run = make_run(STARTING, RUNNING)
    send_command(store, run.id, CommandKind.STOP)
    update_run(store, run.id, status=FAILED)
    requeue_run(store, run.id)
    assert take_commands(store, run.id) == []


def test_a_finished_run_cannot_be_resumed(store, make_run):
    run = make_run(STARTING, RUNNING, FINISHED)
    with pytest.raises(StoreError, match="come to its end"):
        requeue_run(store, run.id)


def test_the_queue_keeps_its_order_and_can_be_changed(store, make_run):
    first, second, third = (make_run().id for _ in range(3))
    assert [run.id for run in queued_runs(store)] == [first, second, third]
    assert [run.id for run in move_run(store, third, 0)] == [third, first, second]
    assert [run.id for run in move_run(store, third, 99)] == [first, second, third]
    fourth = make_run().id
    assert queued_runs(store)[-1].id == fourth
    update_run(store, first, status=STARTING)
    with pytest.raises(StoreError, match="not queued"):
        move_run(store, first, 0)


@pytest.mark.parametrize(
    ("wished", "free", "fits"),
    [
        ("auto", "cpu", True),
        ("auto", "cuda:1", True),
        ("cuda", "cuda:1", True),
        ("cuda:1", "cuda:1", True),
        ("cuda:0", "cuda:1", False),
        ("cuda", "cpu", False),
        ("cpu", "cuda:0", False),
        ("mps", "mps", True),
    ],
)
def test_a_run_is_claimed_for_a_device_it_may_use(store, make_run, wished, free, fits):
    run = make_run(device=wished)
    claimed = claim_run(store, device=free, host="here")
    assert (claimed is not None) is fits
    if claimed is not None:
        assert (claimed.id, claimed.status, claimed.claimed_device, claimed.host) == (
            run.id,
            STARTING,
            free,
            "here",
        )
        assert claimed.device == wished
        assert claim_run(store, device=free, host="here") is None


def test_claims_follow_the_queue_and_pass_over_what_does_not_fit(store, make_run):
    other, first, second = make_run(device="cuda"), make_run(), make_run()
    move_run(store, second.id, 0)
    claims = [claim_run(store, device="cpu", host="here") for _ in range(3)]
    assert [claim.id for claim in claims if claim] == [second.id, first.id]
    assert get_run(store, other.id).status is RunStatus.QUEUED


def test_deleting_a_run_takes_its_rows_and_folder_but_not_its_children(store, make_run):
    parent = make_run()
    child = make_run(parent_run_id=parent.id)
    write_metrics(store, parent.id, [("loss", 1, 2.0, 3.0)])
    add_event(store, parent.id, Level.INFO, "hello")
    (store.run_folder(parent.id) / "checkpoint.pt").write_bytes(b"weights")
    delete_run(store, parent.id)
    assert not (store.folder / "runs" / str(parent.id)).exists()
    assert events_after(store) == []
    assert read_points(store, parent.id, "loss") == []
    assert get_run(store, child.id).parent_run_id is None


def test_the_number_of_a_deleted_run_is_never_used_again(store, make_run):
    run = make_run()
    delete_run(store, run.id)
    assert make_run().id > run.id


def test_an_active_run_is_not_deleted_but_a_lost_one_is(store, make_run):
    run = make_run(STARTING, RUNNING)
    with pytest.raises(StoreError, match="Stop it first"):
        delete_run(store, run.id)
    fall_silent(store, run.id)
    delete_run(store, run.id)
    assert list_runs(store) == []


def test_a_run_of_a_data_set_or_parent_that_is_not_there_is_refused_in_words(make_run):
    with pytest.raises(StoreError, match="no such run or data set"):
        make_run(parent_run_id=77)
