"""Stores at places with odd names, and places that are no files at all."""

import os
import sys
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store import create_run, list_runs, open_store
from engine.store.hold import StoreHold

RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}
NAMES = [
    "what?.sqlite", "a#b.sqlite", "100%25.sqlite", "two words.sqlite", "鸟.sqlite", "a&b=c;d.sqlite", "file:x.sqlite",
    "no ending", ".hidden", "a'b\"c.sqlite", "a\nb.sqlite", "-x.sqlite", "a.b.c.sqlite", "http:__x", ":memory:",
    os.fsdecode(b"caf\xe9.sqlite"),
]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_that_the_system_has_is_a_place_for_a_store(tmp_path, name):
    path = tmp_path / name
    store = open_store(path)
    run = create_run(store, **RUN)
    folder = store.run_folder(run.id)
    assert path.is_file()
    assert folder.is_dir()
    hold = StoreHold(store.path)
    assert hold.start()
    again = open_store(store.url)
    assert [each.id for each in list_runs(again)] == [run.id]
    assert again.folder == store.folder
    again.close()
    store.close()
    hold.stop()
    assert {each.name for each in tmp_path.iterdir()} == {name, store.folder.name}


def make_pipe(path):
    os.mkfifo(path)


def make_loop(path):
    path.symlink_to(path)


def make_folder(path):
    path.mkdir()


def point_at_a_device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (make_pipe, "a device or a pipe, not a store"),
        (make_loop, "is no path|cannot be made or opened"),
        (make_folder, "is a folder"),
        (point_at_a_device, "a device or a pipe, not a store"),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path, make, sentence):
    path = tmp_path / "store.sqlite"
    make(path)
    with pytest.raises(StoreError, match=sentence):
        open_store(path)
    assert [each.name for each in tmp_path.iterdir()] == ["store.sqlite"]


@pytest.mark.parametrize(
    "location",
    ["a\0b", "~nobody-of-this-name/x", "x" * 300, "", "sqlite:///a\0b", "sqlite://host/x/y", "C://x\0"],
)
def test_what_is_no_path_is_refused_in_words(tmp_path, monkeypatch, location):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError):
        open_store(location)


def test_a_link_that_leads_nowhere_yet_becomes_a_store_at_its_end(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "deep" / "real.sqlite")
    store = open_store(tmp_path / "link.sqlite")
    assert store.path == tmp_path / "deep" / "real.sqlite"
    store.close()


def test_the_home_folder_is_meant_by_its_sign(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for location in ("~/a.sqlite", Path("~/a.sqlite"), "sqlite:///~/a.sqlite"):
        store = open_store(location)
        assert store.path == tmp_path / "a.sqlite"
        store.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom rights bind")
def test_a_folder_that_may_not_be_written_is_told_in_words(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="cannot be made or opened"):
        open_store(folder / "store.sqlite")
