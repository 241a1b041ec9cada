"""Damaged stores end in words, whatever is wrong with them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store import (
    Level,
    add_artifact,
    add_event,
    create_run,
    events_after,
    get_run,
    list_artifacts,
    list_runs,
    open_store,
    read_points,
    write_metrics,
)
from tests.benchmarks.bench_hostile_stores import run_seeds

RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}


@pytest.mark.parametrize("first", [0, 15, 30])
def test_a_store_damaged_at_random_is_read_or_refused_in_words(tmp_path, first):
    rows = run_seeds(range(first, first + 15), tmp_path)
    assert [row for row in rows if row["outcome"] == "broke"] == []
    refused = [row["said"] for row in rows if row["outcome"] == "refused"]
    assert refused
    assert not [said for said in refused if "Traceback" in said or len(said) > 700]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE alembic_version SET version_num = x'ff'", "damaged: its version reads"),
        ("DELETE FROM alembic_version", "damaged: it does not say its version"),
        ("DROP TABLE run", "damaged: no such table"),
    ],
)
def test_what_is_damaged_is_named_with_the_way_out(tmp_path, change, sentence):
    path = tmp_path / "store.sqlite"
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(change)

    def use():
        store = open_store(path)
        try:
            list_runs(store)
        finally:
            store.close()

    with pytest.raises(StoreError, match=sentence) as caught:
        use()
    assert str(path) in caught.value.message
    assert "put back a copy" in caught.value.fix


def test_one_damaged_run_hides_no_other(store):
    whole, broken = create_run(store, **RUN), create_run(store, **RUN)
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE run SET step = 'many', recipe = '[' WHERE id = ?", (broken.id,))
    shown = get_run(store, broken.id)
    assert {run.id for run in list_runs(store)} == {whole.id, broken.id}
    assert (shown.step, shown.recipe) == (0, {})
    assert "recipe" in shown.damage
    assert "step" in shown.error
    assert get_run(store, whole.id) == whole


def test_text_that_is_not_utf8_comes_back_as_it_went_in(store):
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    run = create_run(store, **RUN)
    add_event(store, run.id, Level.WARNING, f"A picture was skipped: {name}")
    add_artifact(store, run.id, kind="export", path=Path("/pictures", name), step=1, size=1)
    assert events_after(store)[0].message.endswith(name)
    assert list_artifacts(store, run.id)[0].path == Path("/pictures", name)


@pytest.mark.parametrize("change", ["step = 'many'", "value = 9e999", "value = 'x'", "wall = -9e999"])
def test_a_point_that_is_no_number_is_told_in_words(store, change):
    run = create_run(store, **RUN)
    write_metrics(store, run.id, [("loss", 1, 1.0, 2.0)])
    with store.begin() as connection:
        connection.exec_driver_sql(f"UPDATE metric SET {change}")
    with pytest.raises(StoreError, match="is damaged: of metric loss of run 1"):
        read_points(store, run.id, "loss")
