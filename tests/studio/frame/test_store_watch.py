"""Rows in, signals out."""

import time
from pathlib import Path

import pytest

from engine.store import (
    Level,
    RunStatus,
    add_artifact,
    add_event,
    beat,
    delete_run,
    rename_run,
    save_dataset,
    truncate_metrics,
)
from studio.live.store_watch import StoreWatch


@pytest.fixture
def watch(store, qtbot):
    made = StoreWatch(store)
    made.check()
    return made


@pytest.fixture
def heard(watch):
    """What the watch said since the test began, in order."""
    said = []
    watch.runs_changed.connect(lambda: said.append("runs"))
    watch.run_changed.connect(lambda run_id: said.append(("run", run_id)))
    watch.metrics_changed.connect(lambda run_id: said.append(("metrics", run_id)))
    watch.events_added.connect(lambda events: said.append(("events", [event.message for event in events])))
    watch.artifacts_changed.connect(lambda run_id: said.append(("artifacts", run_id)))
    watch.datasets_changed.connect(lambda: said.append("datasets"))
    return said


def test_nothing_is_said_when_nothing_was_written(watch, heard):
    watch.check()
    assert heard == []


def test_a_new_run_is_told(watch, heard, make_run):
    run = make_run()
    watch.check()
    assert "runs" in heard
    assert watch.runs[run.id].name == run.name


def test_a_heartbeat_is_told_of_its_run_only(watch, heard, store, make_run):
    make_run()
    run = make_run(status=RunStatus.RUNNING)
    watch.check()
    heard.clear()
    beat(store, run.id, step=5, epoch=0.5, images_seen=10)
    watch.check()
    assert heard == [("run", run.id)]


def test_new_points_are_told(watch, heard, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    watch.check()
    heard.clear()
    add_points(run, "loss", {0: 1.0})
    watch.check()
    assert heard == [("metrics", run.id)]


def test_points_that_were_cut_off_are_told(watch, heard, store, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", dict.fromkeys(range(9), 1.0))
    watch.check()
    heard.clear()
    truncate_metrics(store, run.id, 3)
    watch.check()
    assert heard == [("metrics", run.id)]


def test_events_are_told_once_and_old_ones_never(store, qtbot, make_run):
    run = make_run()
    add_event(store, run.id, Level.INFO, "before")
    watch = StoreWatch(store)
    said = []
    watch.events_added.connect(said.extend)
    watch.check()
    add_event(store, run.id, Level.ALARM, "after")
    watch.check()
    watch.check()
    assert [event.message for event in said] == ["after"]


def test_a_new_checkpoint_is_told(watch, heard, store, make_run):
    run = make_run(status=RunStatus.RUNNING)
    watch.check()
    heard.clear()
    add_artifact(store, run.id, kind="checkpoint", path=Path(store.run_folder(run.id)) / "a", step=1, size=1)
    watch.check()
    assert heard == [("artifacts", run.id)]


def test_a_renamed_and_a_deleted_run_are_told(watch, heard, store, make_run):
    run = make_run(status=RunStatus.FINISHED)
    watch.check()
    heard.clear()
    rename_run(store, run.id, "better name")
    watch.check()
    assert heard == [("run", run.id), "runs"]
    delete_run(store, run.id)
    watch.check()
    assert heard[-1] == "runs"
    assert run.id not in watch.runs


def test_a_new_data_set_is_told(watch, heard, store):
    save_dataset(
        store, name="a", location="/a", kind="flat", channels=3, fingerprint="f", num_pictures=2, classes=[],
        splits={"train": 2}, mean=[0.5] * 3, std=[0.2] * 3, health={},
    )  # fmt: skip
    watch.check()
    assert heard == ["datasets"]


def test_a_run_that_stops_giving_signs_of_life_is_told_although_no_row_changes(
    watch, heard, make_run, monkeypatch
):
    run = make_run(status=RunStatus.RUNNING)
    watch.check()
    heard.clear()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    watch.check()
    assert heard == [("run", run.id), "runs"]


def test_a_store_that_cannot_be_read_is_told_in_words_and_so_is_its_return(store, qtbot, make_run):
    watch = StoreWatch(store)
    watch.check()
    said = []
    watch.trouble.connect(lambda sentence, fix: said.append(sentence))
    watch.recovered.connect(lambda: said.append("recovered"))
    with store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE series RENAME TO elsewhere")
    make_run()
    watch.check()
    watch.check()
    with store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO series")
    watch.check()
    assert len(said) == 2
    assert said[1] == "recovered"


def test_a_store_that_is_deleted_is_trouble_and_one_put_back_is_none(store, qtbot):
    watch = StoreWatch(store)
    away = store.path.with_name("away")
    store.path.rename(away)
    with qtbot.waitSignal(watch.trouble) as told:
        watch.check()
    assert "deleted or moved away" in told.args[0]
    assert str(store.folder) in told.args[1]
    away.rename(store.path)
    with qtbot.waitSignal(watch.recovered):
        watch.check()
