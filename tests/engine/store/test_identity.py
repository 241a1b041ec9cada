"""A folder with weights belongs to one store for good, whatever becomes of the store's file."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from engine.errors import StoreError
from engine.store import add_artifact, create_run, delete_run, get_run, list_artifacts, list_runs, open_store
from engine.store.identity import read_identity, read_marker
from engine.store.migration import VERSIONS

RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}
_OLD_RUN = """
INSERT INTO run (id, name, note, kind, method, recipe, seed, device, fingerprint, position, status, claimed_device,
    host, phase, step, total_steps, epoch, images_seen, resumes, error, error_fix, versions, created_at, started_at,
    finished_at)
VALUES (?, 'old', '', 'pretrain', 'mae', '{}', 0, 'auto', '', 0, 'finished', '', '', '', 5, 5, 1.0, 5, 0, '', '', '{}',
    ?, 100.0, 130.0)
"""


def make_store(path, *, runs=1):
    """A store with runs that have weights; returns what the weights are."""
    store = open_store(path)
    for _ in range(runs):
        run = create_run(store, **RUN)
        weights = store.run_folder(run.id) / "weights.pt"
        weights.write_text(f"{path.name} {run.id}")
        add_artifact(store, run.id, kind="checkpoint", path=weights, step=1, size=1)
    folder = store.folder
    store.close()
    return folder


def weights_of(store, run_id=1):
    return [artifact.path.read_text() for artifact in list_artifacts(store, run_id)]


@pytest.fixture
def opened():
    """Open stores that are closed in the end."""
    stores = []

    def open_one(path):
        stores.append(open_store(path))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.mark.parametrize("becomes", ["lost", "moved away"])
def test_a_new_store_takes_no_folder_of_one_that_is_gone(tmp_path, opened, becomes):
    path = tmp_path / "store.sqlite"
    old = make_store(path)
    path.rename(tmp_path / "away.sqlite")
    if becomes == "lost":
        (tmp_path / "away.sqlite").unlink()
    new = opened(path)
    run = create_run(new, **RUN)
    assert new.run_folder(run.id).parents[1] == tmp_path / "store-files-2"
    delete_run(new, run.id)
    assert (old / "runs" / "1" / "weights.pt").read_text() == "store.sqlite 1"
    if becomes == "moved away":
        assert weights_of(opened(tmp_path / "away.sqlite")) == ["store.sqlite 1"]


def test_a_folder_that_nobody_marked_is_left_to_whoever_made_it(tmp_path, opened):
    (tmp_path / "store-files" / "runs" / "1").mkdir(parents=True)
    (tmp_path / "store-files" / "runs" / "1" / "weights.pt").write_text("of an older version")
    store = opened(tmp_path / "store.sqlite")
    assert store.folder.name == "store-files-2"


def test_stores_of_one_stem_have_folders_of_their_own(tmp_path, opened):
    first, second = make_store(tmp_path / "a.sqlite"), make_store(tmp_path / "a.db")
    assert {first.name, second.name} == {"a-files", "a-files-2"}
    assert weights_of(opened(tmp_path / "a.sqlite")) == ["a.sqlite 1"]
    assert weights_of(opened(tmp_path / "a.db")) == ["a.db 1"]


@pytest.mark.parametrize("folder", ["birds-files", "store-files", "weights of birds"])
def test_a_store_that_is_renamed_finds_its_folder(tmp_path, opened, folder):
    old = make_store(tmp_path / "store.sqlite")
    (tmp_path / "moved").mkdir()
    (tmp_path / "store.sqlite").rename(tmp_path / "moved" / "birds.sqlite")
    old.rename(tmp_path / "moved" / folder)
    store = opened(tmp_path / "moved" / "birds.sqlite")
    assert store.folder == tmp_path / "moved" / folder
    assert weights_of(store) == ["store.sqlite 1"]
    assert store.note == ""


def test_a_store_without_its_folder_says_so(tmp_path, opened):
    make_store(tmp_path / "store.sqlite").rename(tmp_path / "elsewhere")
    (tmp_path / "moved").mkdir()
    (tmp_path / "store.sqlite").rename(tmp_path / "moved" / "store.sqlite")
    assert (
        "'store-files' with the weights of this store's runs is not beside it"
        in opened(tmp_path / "moved" / "store.sqlite").note
    )


@pytest.mark.parametrize("name", ["copy.sqlite", "store.db"])
def test_a_copy_beside_the_original_is_a_store_of_its_own(tmp_path, opened, name):
    make_store(tmp_path / "store.sqlite")
    shutil.copy(tmp_path / "store.sqlite", tmp_path / name)
    copy, original = opened(tmp_path / name), opened(tmp_path / "store.sqlite")
    assert copy.folder != original.folder
    assert read_identity(copy.path) != read_identity(original.path)
    assert weights_of(copy) == weights_of(original) == ["store.sqlite 1"]
    assert not copy.owns(list_artifacts(copy, 1)[0].path)
    assert copy.run_folder(1) != original.run_folder(1)
    delete_run(copy, 1)
    assert weights_of(original) == ["store.sqlite 1"]


def test_a_store_copied_with_its_folder_shares_nothing(tmp_path, opened):
    folder = make_store(tmp_path / "store.sqlite")
    shutil.copy(tmp_path / "store.sqlite", tmp_path / "copy.sqlite")
    shutil.copytree(folder, tmp_path / "copy-files")
    copy, original = opened(tmp_path / "copy.sqlite"), opened(tmp_path / "store.sqlite")
    assert (copy.folder.name, original.folder.name) == ("copy-files", "store-files")
    delete_run(copy, 1)
    assert weights_of(original) == ["store.sqlite 1"]


def test_a_link_to_a_store_is_that_store(tmp_path, opened):
    make_store(tmp_path / "store.sqlite")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "mine.sqlite").symlink_to(tmp_path / "store.sqlite")
    store = opened(tmp_path / "links" / "mine.sqlite")
    assert (store.path, store.folder) == (tmp_path / "store.sqlite", tmp_path / "store-files")


def test_a_store_put_back_from_an_old_copy_forgets_no_folder(tmp_path, opened):
    path = tmp_path / "store.sqlite"
    make_store(path)
    shutil.copy(path, tmp_path / "kept.sqlite")
    make_store(path, runs=2)
    shutil.copy(tmp_path / "kept.sqlite", path)
    store = opened(path)
    assert [run.id for run in list_runs(store)] == [1]
    run = create_run(store, **RUN)
    assert run.id == 4
    assert (store.folder / "runs" / "2" / "weights.pt").read_text() == "store.sqlite 2"


def test_a_run_deletes_no_folder_that_it_did_not_make(tmp_path, opened):
    store = opened(tmp_path / "store.sqlite")
    run = create_run(store, **RUN)
    folder = store.folder / "runs" / str(run.id)
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(StoreError, match="not made by run 1"):
        store.run_folder(run.id)
    with pytest.raises(StoreError, match="is left as it is"):
        delete_run(store, run.id)
    assert (folder / "thesis.txt").read_text() == "years of work"


@pytest.fixture
def old_store(tmp_path):
    """A store as the second release left it, with the folder of a run."""
    versions = tmp_path / "second"
    versions.mkdir()
    for name in ("v0001_first_tables.py", "v0002_event_data.py"):
        shutil.copy(VERSIONS / name, versions / name)
    path = tmp_path / "store.sqlite"
    open_store(path, versions=versions).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(_OLD_RUN, (1, 90.5))
        connection.execute(
            "INSERT INTO artifact VALUES (1, 1, 'checkpoint', 'runs/1/weights.pt', 5, 1, '{}', 1.0)"
        )
    (tmp_path / "store-files" / "runs" / "1").mkdir(parents=True)
    (tmp_path / "store-files" / "runs" / "1" / "weights.pt").write_text("old weights")
    shutil.rmtree(versions)
    return path


def test_an_older_store_keeps_its_folder_and_times(old_store, opened):
    store = opened(old_store)
    assert store.folder == old_store.with_name("store-files")
    assert weights_of(store) == ["old weights"]
    run = get_run(store, 1)
    assert (run.started_at, run.claimed_at, run.working_since, run.worked_seconds) == (
        100.0,
        100.0,
        None,
        30.0,
    )
    delete_run(store, 1)
    assert not (store.folder / "runs" / "1").exists()


def test_the_copy_before_an_update_can_be_put_back(old_store, opened):
    open_store(old_store).close()
    old_store.unlink()
    old_store.with_name("store.before-update-from-0002.sqlite").rename(old_store)
    store = opened(old_store)
    assert store.folder == old_store.with_name("store-files")
    assert weights_of(store) == ["old weights"]
    assert read_marker(store.folder).store == read_identity(old_store)


def test_a_damaged_marker_is_no_claim(tmp_path, opened):
    folder = make_store(tmp_path / "store.sqlite")
    (folder / "store.json").write_text(json.dumps(["nonsense"]))
    store = opened(tmp_path / "store.sqlite")  # its runs tell whose folder it is
    assert store.folder == folder
    assert weights_of(store) == ["store.sqlite 1"]
