"""What is written where a person wants it: never over what others wrote, and refused before any work."""

import os

import pytest

from engine.errors import SettingsError, StoreError
from engine.local_path import local_path
from engine.outputs import FORCE, Outputs, digest


def test_new_files_may_be_written_also_where_folders_are_missing(tmp_path):
    Outputs(tmp_path, ["a.npy", "a.json"]).check()
    Outputs(tmp_path / "not" / "there", ["a.npy"]).check(needs=1000)
    assert list(tmp_path.iterdir()) == []


def test_what_others_wrote_is_in_the_way_unless_it_may_be_replaced(tmp_path):
    (tmp_path / "a.json").write_text("precious")
    with pytest.raises(SettingsError, match=r"There is a\.json in .* already") as found:
        Outputs(tmp_path, ["a.npy", "a.json"]).check()
    assert found.value.field == FORCE
    Outputs(tmp_path, ["a.npy", "a.json"], force=True).check()


def test_what_a_run_wrote_is_replaced_while_it_is_unchanged(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("a card")
    outputs = Outputs(tmp_path, ["README.md"], ours={"README.md": ["another", digest(file)]})
    outputs.check()
    file.write_text("a card, with notes of one's own")
    with pytest.raises(SettingsError, match=r"README\.md"):
        outputs.check()


@pytest.mark.parametrize("force", [False, True])
def test_folders_and_what_is_no_file_are_never_replaced(force, tmp_path):
    (tmp_path / "a.npy").mkdir()
    os.mkfifo(tmp_path / "b.npy")
    for name, kind in (("a.npy", "a folder"), ("b.npy", "no ordinary file")):
        with pytest.raises(SettingsError, match=f"is {kind}"):
            Outputs(tmp_path, [name], force=force).check()


def test_a_link_is_in_the_way_wherever_it_leads(tmp_path):
    (tmp_path / "precious").write_text("precious")
    for number, target in enumerate(("precious", "nowhere")):
        (tmp_path / f"{number}.npy").symlink_to(tmp_path / target)
        with pytest.raises(SettingsError, match=f"{number}.npy"):
            Outputs(tmp_path, [f"{number}.npy"], ours={f"{number}.npy": [digest(tmp_path / target)]}).check()


@pytest.mark.parametrize("force", [False, True])
def test_what_is_read_and_the_store_stay(force, tmp_path):
    data, store = tmp_path / "birds", tmp_path / "store-files"
    for folder in (data, store / "runs" / "1"):
        folder.mkdir(parents=True)
    (tmp_path / "birds.json").write_text("[]")
    (tmp_path / "link").symlink_to(data)
    for wrong in (
        Outputs(data, ["README.md"], is_folder=True, kept=[data], force=force),
        Outputs(tmp_path / "link", ["README.md"], is_folder=True, kept=[data], force=force),
        Outputs(tmp_path, ["birds.npy", "birds.json"], kept=[tmp_path / "birds.json"], force=True),
        Outputs(store / "runs" / "1", ["a.npy"], closed=[store], force=force),
    ):
        with pytest.raises(SettingsError, match="in use by the studio") as found:
            wrong.check()
        assert found.value.field == "out"
    Outputs(data, ["a.npy"], kept=[data], force=force).check()  # a file beside the pictures is fine


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"a\.npy cannot be written to .*file/below: .*file is no folder"):
        Outputs(tmp_path / "file" / "below", ["a.npy"]).check()
    with pytest.raises(StoreError, match=r"it takes 1048576\.0 GiB, and .* free"):
        Outputs(tmp_path, ["a.npy"]).check(needs=2**50)
    with pytest.raises(StoreError, match="cannot be written"):
        Outputs(tmp_path, ["a" * 300 + ".npy"]).check()
    with pytest.raises(StoreError, match="cannot be written"):
        Outputs(tmp_path, ["a\0.npy"]).check()
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as root, who may do everything
    with pytest.raises(StoreError, match="may not be written to"):
        Outputs(tmp_path / "new", ["a.npy"]).check()


def test_names_in_errors_are_text(tmp_path):
    for name in ("\x1b[31mred.npy", "\udcff.npy"):
        (tmp_path / name).write_text("")
        with pytest.raises(SettingsError) as found:
            Outputs(tmp_path, [name]).check()
        assert str(found.value).isprintable()


def test_a_path_means_the_same_everywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~/a b/ä.npy") == tmp_path / "a b" / "ä.npy"
    assert local_path("x/~/y").parts == ("x", "~", "y")
    assert str(local_path("\udcff.npy")) == "\udcff.npy"
    for wrong in ("", "  ", "a\0b", "~nobody-of-this-name/x"):
        with pytest.raises(SettingsError):
            local_path(wrong)
