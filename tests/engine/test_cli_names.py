"""Names of runs, files and classes are text on a terminal, whatever they hold; JSON gives them back unchanged."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text
from typer.testing import CliRunner

import engine.commands
from engine.cli import app
from engine.commands.exit_codes import BAD_USE, DONE
from engine.declared import make_recipe
from engine.store import Level, add_event, create_run, update_run

HOSTILE = [
    "[/nonsense]",
    "[red]",
    "[link=x]",
    ":smile:",
    "a\x1b[31mb",
    "\x07\r",
    "\x9b2J",
    "gpj.\u202eexe",
    "a\nb",
]


@pytest.fixture
def cli(store):
    """Call the command line in this process, on the test's store."""
    return lambda *arguments: CliRunner().invoke(app, [*arguments, "--store", str(store.path)])


def add_run(store, name):
    run = create_run(store, name="placeholder", method="mae", recipe=make_recipe("mae").model_dump(), seed=0)
    with store.begin() as connection:  # as an older program or another hand may have written it
        connection.execute(text("UPDATE run SET name = :name WHERE id = :id"), {"name": name, "id": run.id})
    return run.id


def obeyed(said):
    return [sign for sign in said if not (sign.isprintable() or sign == "\n")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_run_of_any_name_is_listed_and_shown(cli, store, name):
    run_id = str(add_run(store, name))
    add_event(store, int(run_id), Level.WARNING, f"A picture was skipped: {name}")
    update_run(store, int(run_id), error=f"{name} is broken.")
    listed, shown = cli("runs"), cli("show", run_id)
    assert (listed.exit_code, shown.exit_code) == (DONE, DONE)
    assert obeyed(listed.stdout + shown.stdout) == []
    if name.isprintable() and name.isascii():
        assert name in listed.stdout
        assert name in shown.stdout
    answer = cli("runs", "--json").stdout
    assert obeyed(answer) == []
    assert json.loads(answer)["runs"][0]["name"] == name


@pytest.mark.parametrize("name", HOSTILE)
def test_what_was_typed_wrongly_is_repeated_as_text(cli, name):
    for arguments in (
        ("show", name),
        ("runs", "--status", name),
        ("scan", f"/no/{name}"),
        ("train", "--method", name),
    ):
        result = cli(*arguments)
        assert result.exit_code == BAD_USE
        assert obeyed(result.stderr) == []


def test_new_names_are_kept_as_they_are_shown(store):
    run = create_run(store, name=" caf\udce9 \x1b[31m\n ", method="mae", recipe={}, seed=0)
    assert run.name == r"caf\xe9 \x1b[31m"


def test_classes_and_files_of_any_name_are_told_by_a_scan(cli, tmp_path):
    for name in ("[red]", "b\x1b[31m", "gpj.\u202eexe"):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(folder / "one.png")
        (folder / f"{name}.png").write_bytes(b"not a picture")
    result = cli("scan", str(tmp_path / "pictures"))
    assert result.exit_code == DONE
    assert obeyed(result.stdout) == []
    assert "[red]" in result.stdout
    assert r"b\x1b[31m" in result.stdout
    assert r"gpj.\u202eexe" in result.stdout


def test_a_terminal_that_lacks_a_character_shows_its_number(store):
    add_run(store, "鳥")
    command = [sys.executable, "-m", "engine.cli", "show", "1", "--store", str(store.path)]
    done = subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "latin-1"}
    )
    assert done.returncode == DONE
    assert rb"\u9ce5" in done.stdout


def test_only_one_file_speaks_to_the_terminal():
    folder = Path(engine.commands.__file__).parent
    for file in folder.glob("*.py"):
        names = {
            alias.name
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert file.name == "speech.py" or not names & {"Console", "echo", "secho"}, file.name
