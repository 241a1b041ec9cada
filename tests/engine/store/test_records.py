"""Events, commands, artifacts, data sets and results."""

from pathlib import Path

import pytest

import engine.store
from engine.errors import StoreError
from engine.store import (
    CommandKind,
    Level,
    RunStatus,
    add_artifact,
    add_event,
    add_result,
    events_after,
    find_dataset,
    forget_dataset,
    get_dataset,
    get_run,
    list_artifacts,
    list_datasets,
    list_results,
    open_store,
    remove_artifact,
    save_dataset,
    send_command,
    take_commands,
)

SCAN = {
    "name": "flowers",
    "location": "/pictures/flowers",
    "kind": "class_folders",
    "channels": 3,
    "fingerprint": "abc",
    "num_pictures": 20,
    "classes": ["rose", "tulip"],
    "splits": {"train": 16, "validation": 4},
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.2, 0.1],
    "health": {"broken": 1},
}


def test_the_public_names_are_sorted_and_there():
    assert list(engine.store.__all__) == sorted(
        engine.store.__all__, key=lambda name: (name[0].islower(), name)
    )
    assert all(hasattr(engine.store, name) for name in engine.store.__all__)


def test_events_come_after_the_last_one_seen(store, run, make_run):
    other = make_run()
    first = add_event(store, run.id, Level.INFO, "Started.")
    second = add_event(store, run.id, Level.ALARM, "Features collapse.", step=12, detail="spread 0.001")
    third = add_event(store, other.id, Level.INFO, "Started.")
    fourth = add_event(store, None, Level.WARNING, "Engine thread restarted.")
    assert [event.id for event in events_after(store)] == [first, second, third, fourth]
    assert [event.id for event in events_after(store, first, run_id=run.id)] == [second]
    assert [event.id for event in events_after(store, limit=2)] == [first, second]
    event = events_after(store, first)[0]
    assert (event.level, event.message, event.step, event.detail) == (
        Level.ALARM,
        "Features collapse.",
        12,
        "spread 0.001",
    )
    assert events_after(store, fourth) == []


def test_commands_are_taken_once_and_in_order(store, run, make_run):
    other = make_run()
    send_command(store, run.id, CommandKind.PAUSE, release=True)
    send_command(store, other.id, CommandKind.SAVE)
    send_command(store, run.id, CommandKind.STOP)
    taken = take_commands(store, run.id)
    assert [(each.kind, each.args) for each in taken] == [
        (CommandKind.PAUSE, {"release": True}),
        (CommandKind.STOP, {}),
    ]
    assert take_commands(store, run.id) == []
    assert [each.kind for each in take_commands(store, other.id)] == [CommandKind.SAVE]


@pytest.mark.parametrize("end", [RunStatus.FINISHED, RunStatus.STOPPED, RunStatus.FAILED])
def test_a_command_to_a_run_at_its_end_is_refused_in_words(store, make_run, end):
    run = make_run(RunStatus.STARTING, RunStatus.RUNNING, end)
    with pytest.raises(StoreError, match=f"is {end.value}: no worker listens to 'pause'"):
        send_command(store, run.id, CommandKind.PAUSE)


def test_artifacts_come_back_by_step_and_kind(store, run):
    late = add_artifact(store, run.id, kind="checkpoint", path=Path("/elsewhere/b.pt"), step=20, size=5)
    path = store.run_folder(run.id) / "a.pt"
    early = add_artifact(store, run.id, kind="checkpoint", path=path, step=10, size=7, meta={"best": True})
    add_artifact(store, run.id, kind="export", path=Path("/elsewhere/e"), step=15, size=1)
    assert list_artifacts(store, run.id, "checkpoint") == [early, late]
    assert len(list_artifacts(store, run.id)) == 3
    assert early.path == path
    assert early.meta == {"best": True}
    assert late.path == Path("/elsewhere/b.pt")
    remove_artifact(store, late.id)
    assert list_artifacts(store, run.id, "checkpoint") == [early]


def test_the_same_file_recorded_again_replaces_its_row(store, run):
    path = store.run_folder(run.id) / "a.pt"
    add_artifact(store, run.id, kind="checkpoint", path=path, step=10, size=7)
    add_artifact(store, run.id, kind="checkpoint", path=path, step=10, size=8)
    assert [each.size for each in list_artifacts(store, run.id)] == [8]


def test_files_beside_the_store_move_with_it(store, run, tmp_path):
    path = store.run_folder(run.id) / "a.pt"
    add_artifact(store, run.id, kind="checkpoint", path=path, step=10, size=7)
    store.close()
    moved = tmp_path / "moved"
    moved.mkdir()
    for old in (store.path, store.folder):
        old.rename(moved / old.name)
    again = open_store(moved / "store.sqlite")
    assert list_artifacts(again, run.id)[0].path == moved / "store-files" / "runs" / str(run.id) / "a.pt"
    again.close()


def test_a_second_scan_replaces_the_first(store, make_run):
    first = save_dataset(store, **SCAN)
    grey = save_dataset(store, **{**SCAN, "channels": 1, "mean": [0.4], "std": [0.2]})
    again = save_dataset(store, **{**SCAN, "num_pictures": 21})
    assert again.id == first.id
    assert get_dataset(store, first.id) == again
    assert again.num_pictures == 21
    assert {each.id for each in list_datasets(store)} == {first.id, grey.id}
    assert find_dataset(store, SCAN["location"]) == again
    assert find_dataset(store, "/nowhere") is None


def test_forgetting_a_data_set_leaves_its_runs(store, make_run):
    dataset = save_dataset(store, **SCAN)
    run = make_run(dataset_id=dataset.id)
    forget_dataset(store, dataset.id)
    assert get_run(store, run.id).dataset_id is None
    with pytest.raises(StoreError, match="Scan its folder again"):
        get_dataset(store, dataset.id)


def test_results_keep_what_they_depend_on(store, run):
    made = add_result(
        store,
        run.id,
        protocol="knn-20-0.07",
        value=0.5,
        step=10,
        seed=1,
        fingerprint="abc",
        label_fraction=0.1,
    )
    add_result(
        store,
        run.id,
        protocol="spread",
        value=float("nan"),
        step=10,
        seed=1,
        fingerprint="abc",
        detail={"a": 1},
    )
    read = list_results(store, run.id)
    assert read[0] == made
    assert (made.label_fraction, made.detail) == (0.1, {})
    assert (read[1].value, read[1].detail) == (None, {"a": 1})
