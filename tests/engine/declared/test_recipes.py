"""Recipes from choices and files: what is valid survives every way, what is not is refused with its field."""

import json
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.declared import (
    changes_of,
    load_catalogue,
    make_recipe,
    read_recipe,
    recipe_from_dict,
    recipe_from_toml,
    recipe_to_toml,
)
from engine.errors import SettingsError
from engine.methods import METHODS
from engine.recipe import TrainingSettings


@given(
    st.sampled_from(["paper", "desktop", "quick"]),
    st.floats(0, 0.99),
    st.integers(1, 10_000),
    st.text(min_size=1, max_size=30).filter(lambda text: text.strip() and "\0" not in text),
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
        ("data.channels", True, "1, 3"),
        ("data.location", "", "neither empty"),
        ("data.location", "a\0b", "a text"),
        ("data.location", "a" * 5000, "longer than 4,096 bytes"),
        ("encoder.weights", ["run:3"], "a text"),
        ("training.batch_size", "64", "whole number"),
        ("training.batch_size", True, "whole number"),
        pytest.param("training.batch_size", 10**5000, "more than 4,300 digits", id="5001 digits"),
        ("training.base_lr", float("inf"), "a number"),
        ("training.nesterov", 1, "true or false"),
        ("training.seed", 2**31, "2,147,483,647"),
    ],
)
def test_a_wrong_value_is_refused_in_words_at_its_field(path, value, words):
    with pytest.raises(SettingsError, match=words) as refused:
        make_recipe("mae", "quick", {path: value})
    assert refused.value.field == path


CHOICES = [
    (method, field)
    for method in load_catalogue().methods
    for field in load_catalogue().fields_for(method)
    if field.choices
]


@pytest.mark.parametrize(("method", "field"), CHOICES, ids=lambda each: getattr(each, "path", each))
def test_no_choice_takes_another_word(method, field):
    for wrong in ("nan", "", None, True, 1.5, [field.default], str(field.default).upper() + "x"):
        with pytest.raises(SettingsError, match="Choose one of") as refused:
            make_recipe(method, "quick", {field.path: wrong})
        assert refused.value.field == field.path
    for right in field.choices:
        if field.path != "encoder.name":
            assert changes_of(make_recipe(method, "quick", {field.path: right}))[field.path] == right


@pytest.mark.parametrize("method", load_catalogue().methods)
def test_the_published_settings_accept_and_refuse_what_the_methods_own_do(method):
    own, values = METHODS[method].Config, (True, 0, 1, 1.0, 2.5, -1, "1", "", "auto", None, math.nan, 10**400)
    for field in load_catalogue().method(method).fields:
        for value in values:
            tree = {"method": method, "settings": {field.name: value}}
            try:
                expected = own.model_validate(tree["settings"]).model_dump()
            except ValidationError:
                with pytest.raises(SettingsError):
                    recipe_from_dict(tree)
            else:
                assert recipe_from_dict(tree).settings == expected


@pytest.mark.parametrize("epochs", [20, 20.0])
def test_a_whole_number_may_be_written_with_a_decimal_point(epochs):
    found = make_recipe("mae", "quick", {"training.epochs": epochs}).training.epochs
    assert (found, type(found)) == (20, int)


@pytest.mark.parametrize(
    "tree", [None, [], "mae", 3, {1: 2}, {"training": 3}, {"method": ["mae"]}, {"kind": []}]
)
def test_what_is_no_recipe_is_refused_in_words(tree):
    with pytest.raises(SettingsError):
        recipe_from_dict(tree)


@pytest.mark.parametrize(("kind", "method"), [("imported", "mae"), ("pretrain", "imported")])
def test_a_kind_and_a_method_that_contradict_each_other_are_refused(kind, method):
    with pytest.raises(SettingsError, match="cannot have the method"):
        recipe_from_dict({"kind": kind, "method": method})


@pytest.mark.parametrize(
    "text",
    [
        "this is no toml",
        "schema_version = 2",
        'method = "nonsense"',
        "surprise = 1",
        "[training]\nepochs = -4",
        "kind = 'dance'",
        "schema_version = true",
        "schema_version = '1'",
        f"schema_version = {10**80}",
        f"training = {'[' * 3000}{']' * 3000}",
        f"training = {'{a = ' * 3000}1{'}' * 3000}",
        f"[{'.'.join(['settings'] * 3000)}]",
        f"[training]\nepochs = {'9' * 5000}",
        "[training]\nepochs = 1\nepochs = 2",
        "[training]\nseed = 1979-05-27",
        "['\x07']",
        '["\\u001b[31m"]\na = 1',
    ],
)
def test_a_wrong_recipe_file_is_refused_in_words(text):
    with pytest.raises(SettingsError) as refused:
        recipe_from_toml(text)
    assert str(refused.value).isprintable()


def test_a_name_that_is_no_text_is_kept_but_no_recipe_file_can_hold_it():
    recipe = make_recipe("mae", "quick", {"data.location": os.fsdecode(b"/pictures/caf\xe9")})
    assert recipe_from_dict(json.loads(json.dumps(recipe.model_dump(mode="json")))) == recipe
    with pytest.raises(SettingsError, match="no text"):
        recipe_to_toml(recipe)
    with pytest.raises(SettingsError):
        make_recipe("mae", "quick", {"data.location": "/pictures/\ud800"})


def test_a_recipe_file_of_another_editor_is_read(tmp_path):
    recipe = make_recipe("mae", "quick")
    path = tmp_path / "recipe.toml"
    path.write_bytes(b"\xef\xbb\xbf" + recipe_to_toml(recipe).replace("\n", "\r\n").encode())
    assert read_recipe(path) == recipe


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "irectory"),
        (lambda path: os.mkfifo(path), "no regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "no regular file"),
        (lambda path: path.write_bytes(bytes(range(256))), "not a text file"),
        (lambda path: path.write_text("a = 1", encoding="utf-16"), "not a text file"),
        (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 2**30), "1 MiB"),
        (lambda path: None, "No such file"),
    ],
)
def test_a_recipe_that_is_no_text_file_is_refused_unread(make, words, tmp_path):
    path = tmp_path / "recipe.toml"
    make(path)
    with pytest.raises(SettingsError, match=words):
        read_recipe(path)


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
