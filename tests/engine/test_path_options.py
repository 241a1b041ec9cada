"""Every path of the command line, of recipes and of boxes is read alike."""

import inspect
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from engine.cli import app
from engine.commands.recipe_choice import relocated
from engine.errors import SettingsError
from engine.local_path import local_path
from engine.recipe import EncoderSettings, Recipe


def paths_of(callback):
    """Name -> what typer knows of each parameter that is a path."""
    hints = get_type_hints(callback, include_extras=True)
    for name in inspect.signature(callback).parameters:
        kind, *known = get_args(hints[name]) if hasattr(hints[name], "__metadata__") else (hints[name],)
        if Path in (kind, *get_args(kind)):
            yield name, known[0]


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda command: command.callback.__name__)
def test_paths_of_a_command_know_the_home_folder(command):
    for name, known in paths_of(command.callback):
        assert known.parser is local_path, f"{name} would make a folder named ~"


def test_there_are_paths_to_read():
    found = {name for command in app.registered_commands for name, _ in paths_of(command.callback)}
    assert {"out", "file", "recipe"} <= found


def test_files_of_a_recipe_mean_the_same_from_every_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = relocated(
        Recipe(
            method="cae",
            encoder=EncoderSettings(weights="~/a b.pth"),
            settings={"dalle_file": "dalle/encoder.pkl"},
        ),
        "/data/birds",
    )
    assert made.encoder.weights == str(tmp_path / "a b.pth")
    assert made.settings["dalle_file"] == str(tmp_path / "dalle" / "encoder.pkl")
    assert relocated(Recipe(encoder=EncoderSettings(weights="run:3")), "x").encoder.weights == "run:3"
    with pytest.raises(SettingsError, match="no home folder"):
        relocated(Recipe(encoder=EncoderSettings(weights="~nobody-of-this-name/a.pth")), "x")


def test_a_box_for_a_path_knows_the_home_folder(qtbot, tmp_path, monkeypatch):
    from studio.forms.path_box import PathBox

    monkeypatch.setenv("HOME", str(tmp_path))
    box = PathBox("Folder")
    qtbot.addWidget(box)
    box.line.setText("~/out of here")
    assert box.path() == str(tmp_path / "out of here")
    box.set_path(box.path())
    assert box.line.text() == "~/out of here"  # nothing changes under the person's hands
