"""Weights from elsewhere as a run: imported with its report, looked into, and a start for new runs."""

import pytest
import torch

from engine.declared import make_recipe, recipe_from_dict
from engine.errors import CheckpointError, SettingsError
from engine.jobs.import_weights import import_weights
from engine.jobs.looks import Looks
from engine.jobs.pretrain import run as do_run
from engine.jobs.starting_weights import starting_weights
from engine.jobs.trained import load_trained
from engine.methods import METHODS
from engine.nn.encoder import Encoder
from engine.nn.encoders import make_encoder
from engine.parts import make_method, make_normalise, start_from
from engine.recipe import EncoderSettings
from engine.store import RunStatus, events_after, list_runs

NANO = EncoderSettings(name="vit_nano", image_size=32, patch_size=8)


@pytest.fixture
def weights():
    torch.manual_seed(5)
    network = make_encoder(NANO).network
    return {name: torch.randn_like(value) * 0.1 for name, value in network.state_dict().items()}


@pytest.fixture
def file(weights, tmp_path):
    teacher = {f"backbone.{name}": value for name, value in weights.items()}
    path = tmp_path / "dino.pth"
    torch.save({"teacher": teacher, "dino_loss": {"center": torch.zeros(1, 3)}}, path)
    return path


@pytest.fixture
def imported(store, file):
    return import_weights(store, file, name="from elsewhere")


def test_an_import_is_a_finished_run_with_its_report_in_the_log(store, imported, weights):
    [run] = list_runs(store)
    assert run == imported.run
    assert (run.kind, run.method, run.status, run.name) == (
        "imported",
        "imported",
        RunStatus.FINISHED,
        "from elsewhere",
    )
    first, *_ = events_after(store, run_id=run.id)
    assert "54 of 54 tensors of the encoder filled" in first.message
    assert "matched     teacher/backbone.cls_token -> cls_token" in first.detail
    recipe = recipe_from_dict(run.recipe)
    assert recipe.settings["licence"] == "Apache-2.0"
    trained = load_trained(store, run.id)
    assert trained.origin["sha256"] == recipe.settings["sha256"]
    for name, value in trained.encoder.network.state_dict().items():
        assert torch.equal(value, weights[name])


def test_nothing_is_left_of_an_import_that_is_refused(store, weights, tmp_path):
    torch.save(
        {name: value for name, value in weights.items() if "mlp" not in name}, tmp_path / "partial.pth"
    )
    with pytest.raises(CheckpointError, match="of the encoder's"):
        import_weights(store, tmp_path / "partial.pth")
    assert list_runs(store) == []


def test_nothing_is_left_of_an_import_that_breaks(store, file, monkeypatch):
    def full(*_, **__):
        raise CheckpointError("The disk is full.")

    monkeypatch.setattr("engine.jobs.keeper.save_checkpoint", full)
    with pytest.raises(CheckpointError, match="disk is full"):
        import_weights(store, file)
    assert list_runs(store) == []


def test_an_imported_run_is_shown_but_not_trained(store, imported):
    looks = Looks(store)
    with pytest.raises(SettingsError, match="not trained as they are"):
        looks.answer({"op": "preview", "recipe": imported.run.recipe, "picture": 0})
    with pytest.raises(SettingsError, match="not trained as they are"):
        make_recipe("imported")


def test_the_attention_of_an_import_can_be_looked_at(store, imported):
    look = Looks(store).answer({"op": "attention", "run": imported.run.id, "picture": 0})
    assert look.arrays
    assert look.info["step"] == 0


def test_the_normalisation_that_weights_expect_is_remembered(store, weights, tmp_path):
    """SimCLR's networks see 0..1; BEiT's 0.5 and 0.5; whatever method looks at them."""
    recipe = make_recipe("mae", "quick", {"data.normalise": "unit"})
    normalise = make_normalise(recipe)
    assert normalise.mean.flatten().tolist() == [0, 0, 0]
    assert normalise.std.flatten().tolist() == [1, 1, 1]
    assert make_normalise(make_recipe("mae", "quick")).mean.flatten()[0] == pytest.approx(0.485)


@pytest.mark.slow
def test_a_run_starts_from_an_import_and_says_so(store, imported, weights, make_claimed):
    claimed = make_claimed(
        encoder__weights=f"run:{imported.run.id}", training__steps=1, training__warmup_epochs=0
    )
    done = do_run(store, claimed.id)
    assert done.status is RunStatus.FINISHED, done.error
    said = [event.message for event in events_after(store, run_id=done.id)]
    assert any(f"Starts from run:{imported.run.id}: 54 of 54 tensors" in sentence for sentence in said)
    after = load_trained(store, done.id)
    assert after.origin["run"] == imported.run.id
    assert after.origin["licence"] == "Apache-2.0"
    # One step with a small rate moves the weights a little: they are near the file's, not near a fresh start's.
    near = (
        after.encoder.network.state_dict()["blocks.0.mlp.fc1.weight"] - weights["blocks.0.mlp.fc1.weight"]
    ).abs()
    assert near.max() < 0.02


def test_weights_of_a_file_start_a_run_as_well(store, file, weights):
    recipe = make_recipe(
        "mae", "quick", {"encoder.weights": str(file), "encoder.image_size": 64, "encoder.patch_size": 8}
    )
    start = starting_weights(store, recipe)
    assert start.report.counts["reshaped"] == 1  # the positions, for larger pictures
    assert torch.equal(start.state["norm.weight"], weights["norm.weight"])
    assert (start.origin["file"], start.warning) == ("dino.pth", "")


def test_a_run_that_normalises_otherwise_is_warned(store, file):
    changes = {
        "encoder.weights": str(file),
        "encoder.image_size": 32,
        "encoder.patch_size": 8,
        "data.normalise": "unit",
    }
    start = starting_weights(store, make_recipe("mae", "quick", changes))
    assert "expect pictures with mean 0.485" in start.warning


def test_weights_whose_heads_nobody_can_tell_do_not_start_a_run(store, tmp_path):
    """BEiT-style files of this width have 3 heads in one family and 12 in another, and either would load."""
    settings = EncoderSettings(name="vit_192x1x3", image_size=32, patch_size=8, layer_scale=0.1)
    state = {}
    for name, value in make_encoder(settings).network.state_dict().items():
        if name.endswith("qkv.bias"):
            stem = name.removesuffix("qkv.bias")
            state |= {f"{stem}q_bias": value[:192].clone(), f"{stem}v_bias": value[384:].clone()}
        else:
            state[name.replace("ls1.gamma", "gamma_1").replace("ls2.gamma", "gamma_2")] = value
    torch.save({"model": state}, tmp_path / "beit.pth")
    changes = {
        "encoder.name": "vit_192x1x3",
        "encoder.image_size": 32,
        "encoder.patch_size": 8,
        "encoder.weights": str(tmp_path / "beit.pth"),
    }
    with pytest.raises(SettingsError, match="how many attention heads") as refused:
        starting_weights(store, make_recipe("mae", "quick", changes))
    assert "--heads 3" in refused.value.fix


def test_weights_for_other_heads_are_refused(store, imported):
    """No shape tells the heads: a wrong number would load, and give other features."""
    changes = {
        "encoder.weights": f"run:{imported.run.id}",
        "encoder.name": "vit_96x4x6",
        "encoder.image_size": 32,
    }
    with pytest.raises(SettingsError, match="for 3 attention heads, this run's encoder has 6"):
        starting_weights(store, make_recipe("mae", "quick", changes))


def test_a_start_that_does_not_fit_ends_in_words(store, imported, make_claimed):
    claimed = make_claimed(encoder__weights=f"run:{imported.run.id}", encoder__name="vit_tiny")
    done = do_run(store, claimed.id)
    assert done.status is RunStatus.FAILED
    assert "this run's encoder" in done.error or "of the encoder's" in done.error or "no place" in done.error


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_copy_of_the_encoder_starts_from_the_weights(name, weights):
    sizes = {"encoder.name": "vit_nano", "encoder.image_size": 32, "encoder.patch_size": 8}
    method = make_method(make_recipe(name, "quick", sizes), num_classes=3)
    start_from(method, weights)
    encoders = [module for module in method.modules() if isinstance(module, Encoder)]
    assert method.evaluated_encoder in encoders
    for encoder in encoders:
        for key, value in encoder.network.state_dict().items():
            if encoder.network.state_dict().keys() == weights.keys():
                assert torch.equal(value, weights[key]), key
