"""What is kept of a person's runs can be read by nobody else, whatever the umask says."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from engine.store import create_run, open_store
from engine.store.migration import copy_before
from engine.supervisor.lease import EngineLease
from engine.supervisor.worker_process import WorkerProcess

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows gives files the rights of their folder")
RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}
WRITES = """
import pathlib, sys
from engine.store.private import write_privately
write_privately()
(pathlib.Path(sys.argv[1]) / "checkpoints").mkdir()
(pathlib.Path(sys.argv[1]) / "checkpoints" / "step.pt").write_text("weights")
"""


@pytest.fixture(autouse=True)
def careless():
    """The umask of most systems: everybody reads what a program makes."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder):
    found = [path for path in folder.rglob("*") if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_everything_that_a_store_and_its_workers_make_is_private(tmp_path):
    store = open_store(tmp_path / "store.sqlite")
    run = create_run(store, **RUN)
    folder = store.run_folder(run.id)
    lease = EngineLease(store, "test")
    assert lease.acquire()
    environment = {**os.environ, "PYTHONPATH": str(Path(engine.__file__).parents[1])}
    worker = WorkerProcess.launch(run.id, [sys.executable, "-c", "print('hello')"], folder)
    worker.wait(20)
    subprocess.run([sys.executable, "-c", WRITES, str(folder)], check=True, env=environment)
    copy_before(store.path, "0001")
    assert {path.name for path in tmp_path.iterdir()} >= {"store.sqlite-wal", "store.sqlite-shm"}
    assert open_to_others(tmp_path) == []
    lease.release()
    store.close()
    worker.forget()


def test_a_store_that_was_open_to_others_is_closed_to_them(tmp_path):
    store = open_store(tmp_path / "store.sqlite")
    folder = store.run_folder(create_run(store, **RUN).id)
    (folder / "step.pt").write_text("weights")
    store.close()
    for path in (store.path, store.folder, folder.parent, folder, folder / "step.pt"):
        path.chmod(0o755)
    open_store(store.path).close()
    assert open_to_others(tmp_path) == []
