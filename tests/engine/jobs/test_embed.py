"""Features in files, read back as anybody would: the encoder's own, each with what is known of its picture."""

import json
import os

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from engine.data.eval_loader import make_eval_loader
from engine.data.sources import open_pictures
from engine.errors import DataError, SettingsError, StoreError
from engine.jobs.embed import embed_run
from engine.jobs.import_weights import import_weights
from engine.jobs.trained import load_trained
from engine.nn.encoders import make_encoder
from engine.parts import make_normalise
from engine.recipe import EncoderSettings
from engine.store import list_artifacts


@pytest.fixture
def make_run(store, tmp_path):
    def make(**encoder):
        torch.manual_seed(1)
        settings = EncoderSettings(**{"image_size": 32, "patch_size": 8, **encoder})
        path = tmp_path / "weights.pth"
        torch.save(make_encoder(settings).network.state_dict(), path)
        return import_weights(store, path).run

    return make


@pytest.fixture
def folder(picture_folder):
    return picture_folder(classes=2, each=5)


@torch.no_grad()
def expected_tokens(store, run, folder):
    """(pictures, 1 + N, D) by the plain way, one picture at a time."""
    trained, pictures = load_trained(store, run.id), open_pictures(str(folder))
    normalise = make_normalise(trained.recipe)
    batches = make_eval_loader(pictures, np.arange(len(pictures)), image_size=32, batch_size=1)
    return torch.cat([trained.encoder.tokens(normalise(batch.images)) for batch in batches]).numpy()


def test_a_parquet_file_has_a_row_for_every_picture(store, make_run, folder, tmp_path):
    run = make_run(name="vit_nano")
    told = []
    done = embed_run(
        store, run.id, str(folder), tmp_path / "out.parquet", on_progress=lambda *at: told.append(at)
    )
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == ["index", "path", "split", "label", "class", "patch", "vector"]
    assert table.schema.field("vector").type.list_size == 96
    vectors = np.stack(table["vector"].to_numpy())
    np.testing.assert_allclose(vectors, expected_tokens(store, run, folder)[:, 0], atol=1e-5)
    pictures = open_pictures(str(folder))
    assert table["path"].to_pylist() == [pictures.describe(index) for index in range(10)]
    assert table["label"].to_pylist() == pictures.labels.tolist()
    assert set(table["class"].to_pylist()) == {"class 0", "class 1"}
    assert set(table["split"].to_pylist()) == {"train"}
    facts = json.loads(table.schema.metadata[b"ssl-studio"])
    assert (facts["run"], facts["pooling"], facts["fingerprint"]) == (run.id, "cls", pictures.fingerprint())
    assert (done.vectors, done.width, told[-1]) == (10, 96, (10, 10))
    [artifact] = list_artifacts(store, run.id, "embedding")
    assert artifact.path == tmp_path / "out.parquet"


@pytest.mark.parametrize("pooling", ["mean", "patch"])
def test_a_numpy_file_comes_with_its_rows(pooling, store, make_run, folder, tmp_path):
    run = make_run(name="vit_nano")
    embed_run(store, run.id, str(folder), tmp_path / "out.npy", pooling=pooling)
    vectors = np.load(tmp_path / "out.npy")
    described = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    patches = expected_tokens(store, run, folder)[:, 1:]
    expected = patches.mean(axis=1) if pooling == "mean" else patches.reshape(-1, 96)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    rows = described["rows"]
    assert len(rows) == len(vectors)
    assert [row["patch"] for row in rows[:3]] == ([-1] * 3 if pooling == "mean" else [0, 1, 2])
    assert [row["index"] for row in rows] == list(np.repeat(range(10), 1 if pooling == "mean" else 16))
    assert sorted(file.name for file in tmp_path.iterdir() if file.name.startswith("out")) == [
        "out.json",
        "out.npy",
    ]


def test_a_residual_network_has_its_mean_only(store, make_run, folder, tmp_path):
    run = make_run(name="resnet_nano", stem="small")
    assert embed_run(store, run.id, str(folder), tmp_path / "out.npy").pooling == "mean"
    assert np.load(tmp_path / "out.npy").shape == (10, 256)
    with pytest.raises(SettingsError, match="neither class token nor patches"):
        embed_run(store, run.id, str(folder), tmp_path / "other.npy", pooling="patch")


def test_pictures_that_cannot_be_read_are_left_out_and_said(store, make_run, folder, tmp_path):
    (folder / "class 0" / "2.png").write_bytes(b"no picture")
    run = make_run(name="vit_nano")
    done = embed_run(store, run.id, str(folder), tmp_path / "out.parquet")
    assert done.vectors == 9
    assert "2.png" in done.skipped[0]
    assert not any(
        "2.png" in path for path in pq.read_table(tmp_path / "out.parquet")["path"].to_pylist()[:4]
    )


def test_nothing_is_written_when_no_picture_can_be_read(store, make_run, folder, tmp_path):
    for file in folder.rglob("*.png"):
        file.write_bytes(b"no picture")
    run = make_run(name="vit_nano")
    with pytest.raises(DataError, match="could be read"):
        embed_run(store, run.id, str(folder), tmp_path / "new" / "out.npy")
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_is_refused_in_words(store, make_run, folder, tmp_path):
    run = make_run(name="vit_nano")
    with pytest.raises(SettingsError, match="which kind of file"):
        embed_run(store, run.id, str(folder), tmp_path / "out.csv")
    with pytest.raises(SettingsError, match="no pooling 'max'"):
        embed_run(store, run.id, str(folder), tmp_path / "out.npy", pooling="max")
    with pytest.raises(StoreError, match="no run 99"):
        embed_run(store, 99, str(folder), tmp_path / "out.npy")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        embed_run(store, run.id, str(folder), tmp_path / "file" / "out.npy")


def test_nothing_that_no_run_wrote_is_replaced(store, make_run, folder, tmp_path):
    run, out = make_run(name="vit_nano"), tmp_path / "annotations.npy"
    notes = tmp_path / "annotations.json"
    notes.write_text("precious")
    told = []
    with pytest.raises(SettingsError, match=r"annotations\.json") as found:
        embed_run(store, run.id, str(folder), out, on_progress=lambda *at: told.append(at))
    assert (found.value.field, told, notes.read_text(), out.exists()) == ("force", [], "precious", False)
    embed_run(store, run.id, str(folder), out, force=True)
    assert json.loads(notes.read_text(encoding="utf-8"))["run"] == run.id
    embed_run(store, run.id, str(folder), out, pooling="mean")  # what a run wrote gives way
    out.write_bytes(b"changed since")
    with pytest.raises(SettingsError, match=r"annotations\.npy"):
        embed_run(store, run.id, str(folder), out)


def test_a_file_that_appears_meanwhile_is_left_alone(store, make_run, folder, tmp_path):
    out = tmp_path / "out.parquet"
    with pytest.raises(SettingsError, match=r"out\.parquet"):
        embed_run(
            store,
            make_run(name="vit_nano").id,
            str(folder),
            out,
            on_progress=lambda *_: out.write_text("precious"),
        )
    assert out.read_text() == "precious"


@pytest.mark.parametrize("kind", ["folder", "list"])
def test_the_file_tells_no_place_of_this_computer(kind, store, make_run, folder, tmp_path):
    place = folder
    if kind == "list":
        place = tmp_path / "lists" / "birds.csv"
        place.parent.mkdir()
        files = sorted(folder.rglob("*.png"))
        place.write_text("path,label\n" + "".join(f"{file},{file.parent.name}\n" for file in files))
    out = tmp_path / "away"
    for name in ("a.npy", "a.parquet"):
        embed_run(store, make_run(name="vit_nano").id, str(place), out / name)
    for file in out.iterdir():
        assert str(tmp_path).encode() not in file.read_bytes(), file
    rows = json.loads((out / "a.json").read_text(encoding="utf-8"))
    assert [(folder / row["path"]).is_file() for row in rows["rows"]] == [True] * 10
    assert rows["pictures"] == ("pictures" if kind == "folder" else "birds")
    near = tmp_path / "near.npy"
    embed_run(store, make_run(name="vit_nano").id, str(folder), near)
    facts = json.loads(near.with_suffix(".json").read_text(encoding="utf-8"))
    assert (near.parent / facts["pictures"]) == folder


def test_a_name_of_any_bytes_can_be_written_and_found_again(store, make_run, folder, tmp_path):
    run, out = make_run(name="vit_nano"), tmp_path / os.fsdecode(b"caf\xe9 \xff.npy")
    embed_run(store, run.id, str(folder), out)
    [artifact] = list_artifacts(store, run.id, "embedding")
    assert artifact.path == out
    embed_run(store, run.id, str(folder), out)
    assert np.load(out).shape == (10, 96)
