"""What comes out of a run: files that others load to the same features, a card, or a sentence."""

import html
import json
import re
import runpy
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import timm
import torch
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from engine.errors import CheckpointError, SettingsError, StoreError
from engine.exports.model_card import model_card
from engine.exports.subject import Subject, check_features
from engine.jobs.export import FORMATS, export_run, subject_of
from engine.jobs.import_weights import import_weights
from engine.jobs.pretrain import run as do_run
from engine.jobs.trained import load_trained
from engine.nn.encoders import make_encoder
from engine.nn.normalise import Normalise
from engine.printable import printable
from engine.recipe import EncoderSettings, Recipe
from engine.store import list_artifacts

pytestmark = pytest.mark.slow


@pytest.fixture
def trained(store, make_claimed):
    return do_run(store, make_claimed(training__steps=2, training__warmup_epochs=0.1).id)


@pytest.fixture
def make_subject():
    """An encoder as an export sees it, without a run."""

    def make(**encoder):
        settings = EncoderSettings(**{"image_size": 32, "patch_size": 8, **encoder})
        torch.manual_seed(0)
        network = make_encoder(settings).eval()
        for name, value in network.network.state_dict().items():
            if name.endswith(("weight", "gamma")) and value.ndim == 1:
                value.add_(0.3)  # the norms that start at zero would hide what they scale
        return Subject(network, Recipe(encoder=settings), "a test's encoder", Normalise(3))

    return make


def test_all_formats_of_a_run_give_its_features(store, trained, tmp_path):
    out = tmp_path / "out"
    differences = export_run(store, trained.id, out, list(FORMATS))
    assert set(differences) == set(FORMATS)
    assert all(difference < 1e-4 for difference in differences.values())
    encoder, pictures = load_trained(store, trained.id).encoder, torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        expected = encoder.features(pictures)
        by_timm = timm.create_model(f"local-dir:{out}", pretrained=True).eval()(pictures)
        by_program = torch.export.load(out / "encoder.pt2").module()(pictures)
    session = onnxruntime.InferenceSession(str(out / "encoder.onnx"))
    [by_onnx] = session.run(["features"], {"pictures": pictures.numpy()})
    state = torch.load(out / "encoder.pt", weights_only=True)
    assert state.keys() == encoder.network.state_dict().keys()
    for features in (by_timm, by_program, torch.from_numpy(by_onnx)):
        torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-4)
    one = session.run(["features"], {"pictures": pictures[:1].numpy()})[0]
    np.testing.assert_allclose(one, by_onnx[:1], atol=1e-5)
    [artifact] = list_artifacts(store, trained.id, "export")
    assert (artifact.path, artifact.meta["formats"]) == (out, list(FORMATS))


def test_a_folder_for_timm_loads_with_its_own_script(store, trained, tmp_path):
    out = tmp_path / "out"
    export_run(store, trained.id, out)
    assert {file.name for file in out.iterdir()} == {
        "README.md",
        "config.json",
        "load_encoder.py",
        "model.safetensors",
    }
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert config["studio"]["title"] == "ViT-nano pretrained with MAE"
    assert (config["studio"]["run"]["id"], config["studio"]["run"]["step"]) == (trained.id, 2)
    assert config["pretrained_cfg"]["mean"] == [0.485, 0.456, 0.406]
    loaded = subprocess.run(
        [sys.executable, str(out / "load_encoder.py")], capture_output=True, text=True, check=False
    )
    assert "features of shape (1, 96)" in loaded.stdout, loaded.stderr


def test_the_card_says_how_the_encoder_was_made(store, trained, tmp_path):
    export_run(store, trained.id, tmp_path / "out", ["state-dict"])
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "# ViT-nano pretrained with MAE" in card
    assert trained.fingerprint in card
    assert "| training.batch_size | 8 |" in card
    assert "| steps | 2 |" in card
    assert "Trained from chance" in card
    assert "encoder.pt" in card
    assert "onnxruntime" not in card


@pytest.mark.parametrize("stem", ["large", "small", "fast"])
@pytest.mark.parametrize("name", ["resnet_nano", "resnet18"])
def test_residual_networks_load_with_their_script(name, stem, make_subject, tmp_path, capsys):
    subject = make_subject(name=name, stem=stem)
    FORMATS["timm"](subject, tmp_path)
    # The card must not promise what timm alone cannot: it knows one first layer only.
    assert ("local-dir" in model_card(subject, {"timm": 0.0})) == (stem == "large")
    runpy.run_path(str(tmp_path / "load_encoder.py"), run_name="__main__")
    assert "features of shape (1, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("encoder", "formats"),
    [
        ({"name": "vit_nano", "layer_scale": 0.1}, list(FORMATS)),
        ({"name": "vit_96x2x4_mlp144"}, ["timm", "state-dict"]),
        ({"name": "resnet_nano"}, ["onnx", "torch-export"]),
        ({"name": "simclr_resnet14_1x_sk", "image_size": 64}, ["state-dict", "onnx"]),
    ],
)
def test_every_family_of_encoders(encoder, formats, make_subject, tmp_path):
    for name in formats:
        assert FORMATS[name](make_subject(**encoder), tmp_path) < 1e-4


@pytest.mark.parametrize("name", ["timm", "state-dict"])
def test_an_encoder_that_is_read_by_its_patches_is_exported_so(name, make_subject, tmp_path):
    subject = make_subject(name="vit_nano")
    subject.encoder.pooling = "mean"
    pictures = torch.randn(2, 3, 32, 32)
    assert FORMATS[name](subject, tmp_path) < 1e-4  # compared with the mean by the writer
    with torch.no_grad():
        mean, class_token = (subject.encoder.features(pictures, pooling=how) for how in ("mean", "cls"))
        assert torch.equal(subject.encoder.features(pictures), mean)
    assert not torch.allclose(mean, class_token)


def test_what_timm_does_not_know_is_refused(make_subject, tmp_path):
    with pytest.raises(SettingsError, match="timm has no ResNet of SimCLR"):
        FORMATS["timm"](make_subject(name="simclr_resnet14_1x"), tmp_path)


def test_a_file_that_gives_other_features_is_refused(make_subject):
    subject = make_subject(name="vit_nano")
    pictures = subject.check_pictures()
    with torch.no_grad():
        features = subject.encoder.features(pictures)
    assert check_features(subject, features, pictures, "the file") == 0
    with pytest.raises(CheckpointError, match="other features"):
        check_features(subject, features + 1e-2, pictures, "the file")
    with pytest.raises(CheckpointError, match="instead of 5x96"):
        check_features(subject, features[:1], pictures, "the file")
    with pytest.raises(CheckpointError, match="other features"):
        check_features(subject, features * float("nan"), pictures, "the file")


def test_imported_weights_keep_their_licence_and_normalisation(store, tmp_path):
    """What was trained from weights that are not for sale is not for sale either."""
    settings = EncoderSettings(name="vit_nano", image_size=32, patch_size=8)
    weights = make_encoder(settings).network.state_dict()
    decoder = {"decoder_blocks.0.norm1.bias": torch.zeros(3), "decoder_pred.bias": torch.zeros(3)}
    torch.save({"model": {**weights, **decoder}}, tmp_path / "mae.pth")
    made = import_weights(store, tmp_path / "mae.pth")
    export_run(store, made.run.id, tmp_path / "out", ["timm"])
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "license: cc-by-nc-4.0" in card
    assert "**Commercial use is not granted.**" in card
    again = import_weights(store, tmp_path / "out" / "model.safetensors")
    assert again.report.share == 1
    assert again.run.recipe["settings"]["licence"] == "CC-BY-NC-4.0"
    assert again.run.recipe["settings"]["is_restricted"] is True
    subject = subject_of(store, load_trained(store, made.run.id))
    assert subject.facts["origin"]["restricted"] is True
    assert subject.title == "ViT-nano imported"


def test_a_run_that_never_saved_has_nothing_to_export(store, make_claimed, tmp_path):
    with pytest.raises(CheckpointError, match="has no checkpoint"):
        export_run(store, make_claimed().id, tmp_path / "out")


def test_unknown_formats_are_refused_before_anything_is_written(store, trained, tmp_path):
    with pytest.raises(SettingsError, match="no format 'keras'"):
        export_run(store, trained.id, tmp_path / "out", ["timm", "keras"])
    with pytest.raises(SettingsError, match="No format"):
        export_run(store, trained.id, tmp_path / "out", [])
    assert not (tmp_path / "out").exists()


@pytest.fixture
def no_room():
    """Files of this process cannot grow beyond 100 kB, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.mark.parametrize("name", ["timm", "state-dict", "torch-export"])
def test_a_full_disk_is_a_sentence_and_the_export_before_stays(name, store, trained, tmp_path, no_room):
    out = tmp_path / "out"
    export_run(store, trained.id, out, ["timm", "state-dict"])
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    with no_room(), pytest.raises(StoreError, match="cannot be written"):
        export_run(store, trained.id, out, [name])
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_a_sentence(store, trained, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written to"):
        export_run(store, trained.id, tmp_path / "file")


def test_only_what_a_run_wrote_is_replaced(store, make_saved, tmp_path):
    run, out = make_saved("byol"), tmp_path / "out"
    out.mkdir()
    notes = out / "README.md"
    notes.write_text("precious")
    with pytest.raises(SettingsError, match=r"README\.md") as found:
        export_run(store, run.id, out)
    assert (found.value.field, [file.name for file in out.iterdir()]) == ("force", ["README.md"])
    export_run(store, run.id, out, force=True)
    export_run(store, run.id, out, ["state-dict"])  # the card is a run's now, as all the others are
    export_run(store, make_saved("dino", data__location="builtin:shapes").id, out)
    (out / "config.json").write_text("{}")
    with pytest.raises(SettingsError, match=r"config\.json"):
        export_run(store, run.id, out)
    with pytest.raises(SettingsError, match="in use by the studio"):
        export_run(store, run.id, store.folder / "out", force=True)


@pytest.mark.parametrize("name", list(FORMATS))
def test_no_file_tells_a_place_or_a_name_of_this_computer(name, store, make_saved, tmp_path):
    secret = tmp_path / "home of alice"
    run = make_saved(
        "cae", data__location=str(secret / "birds"), settings__dalle_file=str(secret / "dalle.pkl"),
        encoder__weights=str(secret / "start.pth"), settings__target="pixels",
    )  # fmt: skip
    export_run(store, run.id, tmp_path / "out", [name])
    here = Path(__file__).parents[3]
    needles = [str(tmp_path), "alice", str(here), sys.prefix, "site-packages"]
    for file in (tmp_path / "out").iterdir():
        for part in contents(file):
            assert not [each for each in needles if each.encode() in part], file
    assert "| pictures | birds |" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def contents(file):
    """A file's bytes, and those of every file inside of an archive."""
    yield file.read_bytes()
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            yield from map(archive.read, archive.namelist())


@given(st.text(max_size=40))
@settings(max_examples=40)
@example("<script>alert(1)</script>")
@example("a | b\n---\nlicense: mit\n# [x](javascript:y) `code` ![](http://z) **b** <!-- & &lt;")
@example("\x1b[31m\u202eevil\ud800")
def test_names_are_text_in_the_card(name):
    facts = {"data": {"name": name}, "origin": {"file": name, "licence": name or "x", "licence_note": name}}
    recipe = Recipe(encoder=EncoderSettings(name="vit_nano", image_size=32, patch_size=8))
    card = model_card(
        Subject(make_encoder(recipe.encoder), recipe, f"ViT {name}", Normalise(3), facts), {"timm": 0.0}
    )
    _, front, rest = card.split("---\n", 2)
    tags = ["image-feature-extraction", "self-supervised-learning"]
    assert yaml.safe_load(front) == {"license": "other", "tags": tags}
    page = MarkdownIt("commonmark").enable("table").render(rest)
    expected = {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"}
    assert set(re.findall(r"<([a-z]\w*)", page)) == expected
    assert page.count("<h1>") == 1
    [cell] = re.findall(r"<td>pictures</td>\n<td>(.*?)</td>", page)
    assert html.unescape(cell) == (printable(name).strip() if name else "builtin:shapes")
