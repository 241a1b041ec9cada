"""Locks that a process loses, the log that is then deleted under it, and the process that holds it in place."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import engine
from engine.errors import StoreGoneError
from engine.store import create_run, list_runs, open_store
from engine.store.hold import StoreHold

RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(engine.__file__).parents[1])}
OPEN_AND_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT * FROM run").fetchall()
connection.close()
"""


def locks_of(path):
    """The locks that this process has on a store's files, as the system tells them."""
    nodes = {f":{os.stat(file).st_ino} " for file in (path, f"{path}-shm")}
    lines = Path("/proc/locks").read_text().splitlines()
    mine = [
        line.split()[1:] for line in lines if f" {os.getpid()} " in line and any(n in line for n in nodes)
    ]
    return sorted(mine)


def close_elsewhere(path):
    """Let another program open the store and close it."""
    subprocess.run([sys.executable, "-c", OPEN_AND_CLOSE, str(path)], check=True)


def drop_locks(path):
    """What a file dialog does: open the files by another way, and close them."""
    for file in (path, f"{path}-shm"):
        Path(file).read_bytes()


needs_locks = pytest.mark.skipif(
    not os.path.exists("/proc/locks"), reason="this system does not tell of locks"
)


@needs_locks
def test_without_being_held_the_log_goes_and_is_missed_at_once(store):
    create_run(store, **RUN)
    drop_locks(store.path)
    assert locks_of(store.path) == []
    close_elsewhere(store.path)
    with pytest.raises(StoreGoneError, match="lost its write-ahead log"):
        create_run(store, **RUN)
    with pytest.raises(StoreGoneError, match="nothing more is written"):
        store.data_version()


@needs_locks
def test_a_held_log_stays_whatever_this_process_loses(store):
    hold = StoreHold(store.path)
    assert hold.start()
    create_run(store, **RUN)
    drop_locks(store.path)
    close_elsewhere(store.path)
    create_run(store, **RUN)
    elsewhere = open_store(store.path)
    assert len(list_runs(elsewhere)) == 2
    elsewhere.close()
    store.close()
    hold.stop()
    assert not Path(f"{store.path}-wal").exists()
    assert not hold.is_alive


def test_the_holding_process_ends_with_the_one_that_started_it(store):
    code = (
        "import sys, time; from engine.store.hold import StoreHold; from pathlib import Path\n"
        "hold = StoreHold(Path(sys.argv[1])); hold.start(); print(hold._process.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(store.path)], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    held = psutil.Process(int(parent.stdout.readline()))
    os.kill(held.pid, signal.SIGINT)  # Ctrl-C in the terminal reaches it too
    assert held.is_running()
    parent.kill()
    parent.communicate()
    held.wait(10)
    assert not held.is_running()


def test_a_store_that_cannot_be_held_still_works(tmp_path):
    assert not StoreHold(tmp_path / "nowhere" / "store.sqlite").start()
