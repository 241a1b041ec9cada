"""Recipes from choices and files: what is valid survives every way, what is not is refused with its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.declared import (
    changes_of,
    load_catalogue,
    make_recipe,
    recipe_from_dict,
    recipe_from_toml,
    recipe_to_toml,
)
from engine.errors import SettingsError
from engine.recipe import TrainingSettings


@given(
    st.sampled_from(["paper", "desktop", "quick"]),
    st.floats(0, 0.99),
    st.integers(1, 10_000),
    st.text(max_size=30),
)
def test_a_recipe_file_brings_back_the_same_recipe(preset, ratio, epochs, location):
    changes = {"settings.mask_ratio": ratio, "training.epochs": epochs, "data.location": location}
    recipe = make_recipe("mae", preset, changes)
    assert recipe_from_toml(recipe_to_toml(recipe)) == recipe
    assert recipe_from_dict(recipe.model_dump()) == recipe
    assert changes_of(recipe)["training.epochs"] == epochs


def test_the_paper_preset_is_the_official_recipe_and_not_the_codes_defaults():
    recipe = make_recipe("mae", "paper")
    training, encoder = recipe.training, recipe.encoder
    assert (encoder.name, encoder.image_size, encoder.patch_size) == ("vit_large", 224, 16)
    assert training.batch_size * training.accumulation == 4096
    assert (training.epochs, training.warmup_epochs, training.base_lr) == (800, 40, 1.5e-4)
    assert (training.weight_decay, training.beta1, training.beta2, training.clip_norm) == (0.05, 0.9, 0.95, 0)
    assert recipe.settings == {
        "mask_ratio": 0.75,
        "normalise_targets": True,
        "decoder_width": 512,
        "decoder_depth": 8,
        "decoder_heads": 16,
        "crop_low": 0.2,
        "flip": 0.5,
    }


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("settings.mask_ratio", 1.5, "at most 0.99"),
        ("settings.mask_ratio", "most", "a number"),
        ("settings.mask_ratio", float("nan"), "a number"),
        ("settings.colour", 1, "no setting"),
        ("training.batch_size", 0, "at least 1"),
        ("training.batch_size", 2.5, "whole number"),
        ("training.base_lr", 0, "above 0"),
        ("training.precision", "fp8", "auto, fp32, bf16, fp16"),
        ("training.batchsize", 3, "training.batch_size"),
        ("encoder.name", "resnet5000", "vit_tiny"),
        ("data.channels", 2, "1, 3"),
        ("nowhere", 1, "no setting"),
    ],
)
def test_a_wrong_value_is_refused_in_words_at_its_field(path, value, words):
    with pytest.raises(SettingsError, match=words) as refused:
        make_recipe("mae", "quick", {path: value})
    assert refused.value.field == path


@pytest.mark.parametrize(
    "text",
    [
        "this is no toml",
        "schema_version = 2",
        'method = "nonsense"',
        "surprise = 1",
        "[training]\nepochs = -4",
        "kind = 'dance'",
    ],
)
def test_a_wrong_recipe_file_is_refused_in_words(text):
    with pytest.raises(SettingsError):
        recipe_from_toml(text)


def test_every_field_the_form_shows_has_what_a_form_needs():
    fields = load_catalogue().fields_for("mae")
    assert len({field.path for field in fields}) == len(fields)
    assert all(field.title and field.source for field in fields)
    assert all(field.choices for field in fields if field.type == "choice")
    assert sum(field.essential for field in fields) <= 12


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="desktop"):
        make_recipe("mae", "laptop")


END = {"training.weight_decay_end": 0.1}


@pytest.mark.parametrize(("method", "preset"), [("mae", "quick"), ("dino", "quick")])
def test_a_choice_of_a_constant_weight_decay_is_kept(method, preset):
    """The form hands over only what strays from the preset; an old recipe is another case."""
    assert make_recipe(method, preset, END).training.weight_decay_form == "constant"
    recipe = make_recipe(method, preset, {**END, "training.weight_decay_form": "constant"})
    assert recipe_from_toml(recipe_to_toml(recipe)) == recipe
    moving = make_recipe(method, preset, {**END, "training.weight_decay_form": "cosine"})
    assert moving.training.weight_decay_form == "cosine"
    assert recipe_from_dict({"method": method, "training": {"weight_decay_end": 0.1}}).training == (
        TrainingSettings(weight_decay_form="cosine", weight_decay_end=0.1)
    )
