"""A file that goes while it is open is missed at once, and nothing is written where nobody finds it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import StoreGoneError
from engine.store import create_run, list_runs, open_store, write_metrics

RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}


def delete(path):
    path.unlink()


def move_away(path):
    path.rename(path.with_name("away.sqlite"))


def replace(path):
    shutil.copy(path, path.with_name("other.sqlite"))
    path.with_name("other.sqlite").replace(path)


def empty(path):
    with path.open("r+b") as file:
        file.truncate(0)


def cut(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 8192 * 4096)


def lose_log(path):
    Path(f"{path}-wal").unlink()


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (delete, "was deleted or moved away"),
        (move_away, "was deleted or moved away"),
        (replace, "was replaced by another file"),
        (empty, "was cut short"),
        (cut, "was cut short"),
        (lose_log, "lost its write-ahead log"),
    ],
)
def test_harm_to_an_open_store_is_told_by_every_request(store, harm, sentence):
    run = create_run(store, **RUN)
    write_metrics(store, run.id, [("loss", step, 1.0, 0.0) for step in range(20_000)])
    with store.begin() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("PRAGMA wal_checkpoint(PASSIVE)")
    store.data_version()
    harm(store.path)
    for request in (
        store.data_version,
        lambda: list_runs(store),
        lambda: create_run(store, **RUN),
        lambda: write_metrics(store, run.id, [("loss", 1, 1.0, 0.0)]),
    ):
        with pytest.raises(StoreGoneError, match=sentence) as caught:
            request()
        assert str(store.folder) in caught.value.fix


def test_a_store_that_is_put_back_goes_on(store):
    create_run(store, **RUN)
    move_away(store.path)
    with pytest.raises(StoreGoneError):
        list_runs(store)
    store.path.with_name("away.sqlite").rename(store.path)
    create_run(store, **RUN)
    assert len(list_runs(store)) == 2


def test_a_store_that_is_tidied_up_by_another_program_goes_on(store):
    run = create_run(store, **RUN)
    write_metrics(store, run.id, [("loss", step, 1.0, 0.0) for step in range(20_000)])
    with store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM series")
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = store.path.stat().st_size
        store.data_version()
        other.execute("VACUUM")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert store.path.stat().st_size < before
    assert [each.id for each in list_runs(store)] == [run.id]


def test_what_was_written_into_a_file_that_goes_meanwhile_is_not_taken_for_kept(store):
    def write_while_it_goes():
        with store.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
            delete(store.path)

    with pytest.raises(StoreGoneError):
        write_while_it_goes()


def test_two_stores_of_one_file_agree(store):
    other = open_store(store.path)
    create_run(other, **RUN)
    other.close()
    assert len(list_runs(store)) == 1
