"""Presets scaled to the data: bounds hold for every size, reasons carry the numbers, what is chosen decides first."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.declared import USUAL_PICTURES, PresetEntry, load_catalogue, make_recipe, scale_preset
from engine.errors import SettingsError
from engine.rules import (
    BatchWithin,
    ByEpochs,
    ByPictures,
    EpochsForSteps,
    ShareOfEpochs,
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
