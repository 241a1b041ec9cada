"""Weights in and out by the command line: imported, shown, embedded, exported; refusals are sentences."""

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from engine.cli import app
from engine.commands.exit_codes import BAD_USE, DONE
from engine.nn.encoders import make_encoder
from engine.recipe import EncoderSettings
from engine.store import list_runs


@pytest.fixture
def cli(store):
    def call(*arguments):
        return CliRunner().invoke(app, [*map(str, arguments), "--store", str(store.path)])

    return call


@pytest.fixture
def file(tmp_path):
    torch.manual_seed(0)
    network = make_encoder(EncoderSettings(name="vit_nano", image_size=32, patch_size=8)).network
    teacher = {f"backbone.{name}": value for name, value in network.state_dict().items()}
    torch.save({"teacher": teacher, "dino_loss": {"center": torch.zeros(1, 3)}}, tmp_path / "dino.pth")
    return tmp_path / "dino.pth"


def last_json(result):
    assert result.exit_code == DONE, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_an_import_tells_what_became_of_every_tensor(cli, file, store):
    made = last_json(cli("import", file, "--json"))
    assert (made["run"], made["format"], made["licence"], made["normalise"]) == (
        1,
        "dino",
        "Apache-2.0",
        "imagenet",
    )
    assert made["encoder"]["name"] == "vit_nano"
    assert made["report"]["counts"]["matched"] == 54
    assert {
        "fate": "dropped",
        "key": "dino_loss/center",
        "name": "",
        "reason": "the centre of the loss",
    } in made["report"]["rows"]
    assert list_runs(store)[0].name == made["name"]


def test_an_import_is_a_table_for_a_person(cli, file):
    shown = cli("import", file, "--name", "mine").stdout
    assert "Run 1: mine" in shown
    assert "54 of 54 tensors of the encoder filled (54 matched, 1 dropped)" in shown
    assert "--set encoder.weights=run:1" in shown
    assert "blocks.0.attn.qkv.weight" not in shown
    assert "-> blocks.3.mlp.fc2.bias\n" in cli("import", file, "--keys").stdout


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_refused_file_is_a_sentence_and_leaves_nothing(flags, cli, store, tmp_path):
    (tmp_path / "notes.pth").write_text("no weights")
    result = cli("import", tmp_path / "notes.pth", *flags)
    assert result.exit_code == BAD_USE
    assert "is damaged or no file of weights" in result.output
    assert "Traceback" not in result.output
    assert list_runs(store) == []


@pytest.mark.slow
def test_what_was_imported_goes_out_again(cli, file, tmp_path):
    cli("import", file)
    made = last_json(cli("export", 1, "--out", tmp_path / "out", "--format", "timm,state-dict", "--json"))
    assert set(made["differences"]) == {"timm", "state-dict"}
    again = last_json(cli("import", tmp_path / "out" / "encoder.pt", "--json"))
    assert (again["format"], again["report"]["share"]) == ("plain", 1)
    done = last_json(
        cli(
            "embed",
            2,
            "--data",
            "builtin:shapes",
            "--out",
            tmp_path / "shapes.npy",
            "--pooling",
            "mean",
            "--json",
        )
    )
    assert np.load(tmp_path / "shapes.npy").shape == (done["vectors"], 96)
    assert "Wrote" in cli("embed", 1, "--data", "builtin:shapes", "--out", tmp_path / "x.parquet").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("embed", "9", "--data", "builtin:shapes", "--out", "x.npy"),
        ("export", "9", "--out", "x"),
        ("import", "/no/such/file.pth"),
    ],
)
def test_what_cannot_be_is_refused(arguments, cli):
    result = cli(*arguments)
    assert result.exit_code == BAD_USE
    assert "ssl-engine: There is no" in result.output
