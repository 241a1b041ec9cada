"""Presets scaled to the data: bounds hold for every size, reasons carry the numbers, what is chosen decides first."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.declared import (
    USUAL_PICTURES,
    PresetEntry,
    check_recipe,
    load_catalogue,
    make_recipe,
    scale_preset,
)
from engine.errors import SettingsError
from engine.parts import method_parts
from engine.rules import (
    BatchWithin,
    ByEpochs,
    ByPictures,
    BySize,
    CropOfImage,
    EpochsForSteps,
    PatchForRows,
    ShareOfEpochs,
    ShareOfPatches,
    Situation,
    is_rule_data,
    rule_from_data,
)

PROTOTYPES = ByPictures(((20_000, 1024), (50_000, 2048), (100_000, 4096)), "prototypes")
METHODS = sorted(load_catalogue().methods)


def situation(pictures, **values):
    named = {"training.batch_size": 128, "training.accumulation": 1, "training.epochs": 100}
    return Situation(pictures, is_counted=True, values={**named, **values})


def entry(**values):
    return PresetEntry("desktop", "Desktop", "About.", values, dict.fromkeys(values, "ours: a test"))


@pytest.mark.parametrize(
    ("pictures", "value", "limit"),
    [
        (1, 1024, "up to 20,000"),
        (20_000, 1024, "up to 20,000"),
        (20_001, 2048, "up to 50,000"),
        (10**7, 4096, "up to 100,000|above 50,000"),
    ],
)
def test_a_table_by_pictures_takes_the_first_row_that_reaches(pictures, value, limit):
    scaled = PROTOTYPES.resolve(situation(pictures))
    assert scaled.value == value
    assert scaled.reason.startswith(f"{pictures:,} pictures: {value:,} prototypes, as ")
    assert any(words in scaled.reason for words in limit.split("|"))


@given(st.integers(0, 10**8), st.sampled_from([2**power for power in range(1, 13)]), st.floats(0.001, 1.0))
def test_a_batch_is_a_power_of_two_within_its_share(pictures, most, share):
    batch = BatchWithin(most, share).resolve(situation(pictures)).value
    assert batch & (batch - 1) == 0
    assert 2 <= batch <= most
    assert batch <= max(2, pictures * share)
    assert batch == most or 2 * batch > int(pictures * share)


@given(st.integers(0, 10**8), st.integers(1, 10**6), st.integers(1, 4096), st.integers(1, 64))
def test_epochs_stay_within_their_bounds_and_meet_the_steps_between_them(pictures, steps, batch, added):
    values = {"training.batch_size": batch, "training.accumulation": added}
    epochs = EpochsForSteps(steps, 20, 800).resolve(situation(pictures, **values)).value
    assert isinstance(epochs, int)
    assert 20 <= epochs <= 800
    per_epoch = max(pictures // batch, 1) / added
    if 20 < epochs < 800:
        assert abs(epochs * per_epoch - steps) <= per_epoch


@given(st.integers(1, 100_000), st.floats(0.001, 1), st.floats(0.1, 100))
def test_a_share_of_the_epochs_is_bounded(epochs, share, most):
    value = ShareOfEpochs(share, most).resolve(situation(1, **{"training.epochs": epochs})).value
    assert value == pytest.approx(min(share * epochs, most), abs=0.0051)


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_larger_data_never_has_a_smaller_head_or_batch_or_more_epochs(one, other):
    small, large = sorted((one, other))
    for rule, sign in ((PROTOTYPES, 1), (BatchWithin(256, 0.1), 1), (EpochsForSteps(5_000, 10, 900), -1)):
        assert sign * rule.resolve(situation(small)).value <= sign * rule.resolve(situation(large)).value


@pytest.mark.parametrize(
    "rule",
    [
        PROTOTYPES,
        ByEpochs(((40, 0.97), (300, 0.99))),
        BatchWithin(256, 0.125),
        EpochsForSteps(6_000, 20, 800),
        ShareOfEpochs(0.05, 40),
        BySize(((32, False), (1024, True))),
        PatchForRows(12),
        CropOfImage(3 / 7),
        ShareOfPatches(1 / 9),
    ],
)
def test_a_rule_survives_the_catalogue(rule):
    data = json.loads(json.dumps(rule.as_data()))
    assert is_rule_data(data)
    assert rule_from_data(data) == rule
    assert not is_rule_data({"rule": "by_moon"})
    assert not is_rule_data(128)


def test_rules_wait_for_the_settings_they_look_at():
    preset = entry(
        **{
            "settings.momentum": ByEpochs(((40, 0.97), (300, 0.99), (1000, 0.996))),
            "training.warmup_epochs": ShareOfEpochs(0.1, 40),
            "training.epochs": EpochsForSteps(1_000, 10, 1000),
            "training.batch_size": BatchWithin(256, 0.125),
        }
    )
    scaled = scale_preset(preset, num_train=800)
    assert scaled.values["training.batch_size"] == 64
    assert scaled.values["training.epochs"] == round(1_000 / 12)
    assert scaled.values["training.warmup_epochs"] == pytest.approx(8.3)
    assert scaled.values["settings.momentum"] == 0.99
    assert list(scaled.values) == list(preset.values)
    assert scaled.sources["training.batch_size"].startswith("800 pictures: a batch of 64, at most 12.5 %")
    assert scaled.sources["training.batch_size"].endswith("ours: a test")


def test_what_the_person_chose_is_what_rules_look_at():
    preset = entry(
        **{
            "training.batch_size": BatchWithin(256, 0.125),
            "training.epochs": EpochsForSteps(1_000, 1, 1000),
            "training.warmup_epochs": ShareOfEpochs(0.1, 40),
        }
    )
    few = scale_preset(preset, {"training.batch_size": 8}, 800)
    assert few.values["training.epochs"] == 10
    assert scale_preset(preset, {"training.epochs": 50}, 800).values["training.warmup_epochs"] == 5
    for nonsense in (0, -3, float("nan"), "many", None):
        assert scale_preset(preset, {"training.batch_size": nonsense}, 800).values["training.epochs"] == 83


def test_a_guess_is_called_one_until_pictures_are_counted():
    preset = entry(**{"training.batch_size": BatchWithin(256, 0.125)})
    guess, counted = scale_preset(preset), scale_preset(preset, num_train=USUAL_PICTURES)
    assert guess.values == counted.values
    assert "not counted yet" in guess.reasons["training.batch_size"]
    assert "not counted yet" not in counted.reasons["training.batch_size"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pictures", [2, 100, 3_781, 50_000, 1_281_167])
def test_every_preset_of_every_method_makes_a_plain_recipe_at_every_size(method, pictures):
    for name, preset in load_catalogue().method(method).presets.items():
        recipe = make_recipe(method, name, num_train=pictures)
        scaled = scale_preset(preset, num_train=pictures)
        assert set(scaled.sources) == set(scaled.values) == set(preset.values)
        assert recipe.training.warmup_epochs < max(recipe.training.epochs, 1)
        for path, value in scaled.values.items():
            section, _, setting = path.partition(".")
            assert recipe.model_dump()[section][setting] == value


def test_a_wrong_change_is_still_refused_in_words():
    with pytest.raises(SettingsError, match="at least 1"):
        make_recipe("mae", "desktop", {"training.batch_size": 0}, 800)


SIZES = (28, 32, 48, 64, 96, 128, 160, 224, 256, 384, 512)
PRESETS = ("paper", "desktop", "quick")


@dataclass(frozen=True)
class Facts:
    num_train: int = 10_000
    classes: tuple = ("cat", "dog")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("encoder", [None, "vit_tiny", "resnet18"])
def test_every_preset_fits_every_usual_image_size(method, preset, encoder):
    if encoder == "resnet18" and load_catalogue().method(method).needs_tokens:
        return
    for size in SIZES:
        changes = {"encoder.image_size": size} | ({"encoder.name": encoder} if encoder else {})
        recipe = make_recipe(method, preset, changes)
        assert [each for each in check_recipe(recipe, Facts(), ["cpu"]) if each.level == "error"] == []
        method_class, settings, spec = method_parts(recipe)
        maker = method_class.views(settings, spec)
        views = maker(torch.zeros(3, 40, 50, dtype=torch.uint8), np.random.default_rng(0))
        assert max(view.shape[-1] for view in views.values() if view.dtype == torch.uint8) >= size


def test_the_papers_sizes_stay_the_papers():
    sizes = {method: make_recipe(method, "paper") for method in METHODS}
    assert {each.encoder.image_size for each in sizes.values()} == {224}
    assert {each.encoder.patch_size for each in sizes.values()} == {16}
    assert sizes["dino"].settings["local_size"] == 96
    assert sizes["cae"].settings["smallest_block"] == 16
    assert sizes["byol"].encoder.stem == "large"


@given(st.integers(16, 1024), st.sampled_from((4, 8, 12, 14)))
def test_a_patch_divides_the_image_unless_none_comes_near(size, rows):
    scaled = PatchForRows(rows).resolve(situation(1, **{"encoder.image_size": size}))
    assert 1 <= scaled.value <= 16
    if size % scaled.value:
        assert all(size % patch or size / patch > 3 * rows for patch in range(1, 17))
        assert "no patch divides" in scaled.reason


@given(st.integers(16, 1024), st.integers(1, 64), st.floats(0.1, 1.0))
def test_a_crop_is_of_whole_patches_and_smaller_than_the_image(size, patch, share):
    values = {"encoder.image_size": size, "encoder.patch_size": patch}
    crop = CropOfImage(share).resolve(situation(1, **values)).value
    assert crop >= 4
    assert crop % patch == 0
    assert crop < size or patch >= size


def test_what_a_person_set_decides_what_follows_the_size():
    recipe = make_recipe("dino", "desktop", {"encoder.image_size": 64, "encoder.patch_size": 16})
    assert (recipe.encoder.patch_size, recipe.settings["local_size"]) == (16, 32)
    kept = make_recipe("dino", "desktop", {"encoder.image_size": 64, "settings.local_size": 16})
    assert (kept.encoder.patch_size, kept.settings["local_size"]) == (4, 16)


def test_an_image_that_no_patch_divides_is_refused_with_a_size_that_fits():
    recipe = make_recipe("mae", "desktop", {"encoder.image_size": 97})
    [problem] = [each for each in check_recipe(recipe, Facts(), ["cpu"]) if each.level == "error"]
    assert (problem.field, problem.suggestion) == ("encoder.image_size", 96)
    mended = make_recipe("mae", "desktop", {"encoder.image_size": 96})
    assert not [each for each in check_recipe(mended, Facts(), ["cpu"]) if each.level == "error"]
