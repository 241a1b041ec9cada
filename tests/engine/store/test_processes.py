"""Several real processes at one store."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import engine
from engine.store import (
    RunStatus,
    create_run,
    get_run,
    list_runs,
    open_store,
    queued_runs,
    read_curve,
    read_points,
    series_summaries,
    take_commands,
)
from engine.store.commands import CommandKind, send_command

RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(engine.__file__).parents[1])}

OPEN = """
import json, sys, time
from engine.store import *
while not __import__("pathlib").Path(sys.argv[2]).exists():
    time.sleep(0.001)
store = open_store(sys.argv[1])
"""
CLAIM = (
    OPEN
    + """
claimed = []
while (run := claim_run(store, device="cpu", host="here")) is not None:
    claimed.append(run.id)
print(json.dumps(claimed))
"""
)
WRITE = (
    OPEN
    + """
run_id, step = int(sys.argv[3]), 0
while True:
    points = [(f"metric{n}", s, float(s), time.time()) for n in range(8) for s in range(step, step + 100)]
    write_metrics(store, run_id, points)
    step += 100
    beat(store, run_id, step=step, epoch=0.0, images_seen=0)
    if step == 300:
        print("writing", flush=True)
"""
)


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )


def answers(processes):
    replies = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(reply) for reply in replies]


def test_of_many_processes_one_gets_each_run(store, tmp_path):
    runs = [create_run(store, **RUN).id for _ in range(20)]
    signal = tmp_path / "go"
    processes = [start(CLAIM, store.path, signal) for _ in range(4)]
    signal.touch()
    claims = answers(processes)
    assert sorted(run_id for claim in claims for run_id in claim) == runs
    assert queued_runs(store) == []
    assert all(run.status is RunStatus.STARTING for run in list_runs(store))


def test_many_processes_make_one_store_together(tmp_path):
    path, signal = tmp_path / "new" / "store.sqlite", tmp_path / "go"
    code = (
        OPEN + "create_run(store, name='x', method='mae', recipe={}, seed=0)\nprint(json.dumps(store.note))"
    )
    processes = [start(code, path, signal) for _ in range(4)]
    signal.touch()
    assert answers(processes) == [""] * 4
    store = open_store(path)
    assert len(list_runs(store)) == 4
    store.close()
    assert not list(path.parent.glob("*before*"))


def test_programs_that_open_a_store_in_one_moment_wait_for_each_other(tmp_path):
    path, at_once = tmp_path / "store.sqlite", threading.Barrier(6)
    open_store(path).close()

    def open_together(_):
        at_once.wait()
        open_store(path).close()

    for _ in range(10):
        with closing(sqlite3.connect(path)) as plain:
            plain.execute("PRAGMA journal_mode = DELETE")  # each finds it so and wants the write-ahead log
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(open_together, range(6)))


@pytest.fixture
def writer(store, tmp_path):
    """A process that writes metrics of run 1 without pause."""
    run = create_run(store, **RUN)
    (tmp_path / "go").touch()
    process = start(WRITE, store.path, tmp_path / "go", run.id)
    assert process.stdout.readline() == "writing\n"
    yield process
    process.kill()
    process.communicate()


def test_a_reader_follows_a_writer_in_another_process(store, writer):
    seen, versions = [], set()
    deadline = time.monotonic() + 60
    while len(set(seen)) < 5 and time.monotonic() < deadline:
        versions.add(store.data_version())
        summary = series_summaries(store)[1]
        # One transaction: all series of a moment have the same length.
        assert len({each.count for each in summary.values()}) == 1
        seen.append(summary["metric3"].count)
        curve = read_curve(store, 1, "metric3")
        assert curve.total >= seen[-1]
        assert curve.high.max() == curve.low.min() + curve.total - 1
    assert seen == sorted(seen)
    assert len(set(seen)) >= 5
    assert len(versions) >= 5


def test_a_writer_killed_at_any_instant_leaves_a_whole_store(store, writer):
    writer.kill()
    writer.wait()
    again = open_store(store.path)
    summary = series_summaries(again)[1]
    counts = {each.count for each in summary.values()}
    assert len(counts) == 1
    (count,) = counts
    assert get_run(again, 1).step in (count, count - 100)
    assert [step for step, _, _ in read_points(again, 1, "metric0")] == list(range(count))
    coarse = read_curve(again, 1, "metric0", max_points=1)
    assert (coarse.low[0], coarse.high[0], coarse.values[0]) == (0.0, count - 1.0, (count - 1) / 2)
    again.close()


def test_threads_share_a_store(store):
    run = create_run(store, **RUN)
    taken = []

    def work():
        for _ in range(10):
            send_command(store, run.id, CommandKind.SAVE)
            store.data_version()
            taken.extend(command.id for command in take_commands(store, run.id))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 41))
