"""The list of differences from the paper holds what acts, and only that."""

import pytest

from engine.declared import fidelity, load_catalogue, make_recipe

METHODS = sorted(load_catalogue().methods)


def of_settings(recipe):
    return {deviation.field: deviation for deviation in fidelity(recipe) if deviation.field}


@pytest.mark.parametrize("method", METHODS)
def test_the_paper_recipe_differs_by_its_implementation_alone(method):
    found = fidelity(make_recipe(method, "paper"))
    entry = load_catalogue().method(method)
    assert [each.ours for each in found if not each.field] == list(entry.deviations)
    assert {each.field for each in found if each.field} == set(entry.presets["paper"].papers)


def test_codes_of_the_papers_tokenizer_are_no_difference_and_others_are():
    found = of_settings(make_recipe("cae", "paper"))
    assert found["settings.target"].sentence == "Predict: tokenizer; in the paper dalle"
    exact = {"settings.target": "dalle", "settings.dalle_file": "/data/encoder.pkl"}
    assert not of_settings(make_recipe("cae", "paper", exact))


def test_another_normalisation_than_the_official_one_is_a_difference():
    assert not of_settings(make_recipe("simclr", "paper", {"data.normalise": "unit"}))
    found = of_settings(make_recipe("simclr", "paper", {"data.normalise": "imagenet"}))
    assert found["data.normalise"].sentence.endswith("imagenet; in the paper unit")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("preset", ["desktop", "quick"])
def test_small_recipes_say_what_is_not_the_papers_and_where_that_stands(method, preset):
    found = of_settings(make_recipe(method, preset, num_train=4_000))
    assert "encoder.name" in found
    assert all(each.source and each.title and each.ours != each.paper for each in found.values())
    assert all("; in the paper " in each.sentence for each in found.values())


def test_a_changed_setting_appears_with_both_values_and_what_it_does():
    recipe = make_recipe("mae", "paper", {"settings.mask_ratio": 0.5})
    deviation = of_settings(recipe)["settings.mask_ratio"]
    assert deviation.sentence == "Mask ratio: 0.5 of patches; in the paper 0.75 of patches"
    assert "PRETRAIN.md" in deviation.source
    assert "hidden" in deviation.consequence


def test_pictures_a_step_count_and_not_the_batches_they_come_in():
    assert not of_settings(
        make_recipe("mae", "paper", {"training.batch_size": 32, "training.accumulation": 128})
    )
    found = of_settings(make_recipe("mae", "paper", {"training.accumulation": 32}))
    assert set(found) == {"training.batch_size"}
    assert found["training.batch_size"].sentence.startswith("Pictures a step: 2,048")


@pytest.mark.parametrize(
    "changes",
    [
        {"training.workers": 3, "training.seed": 4, "training.knn_every_epochs": 9, "data.held_out": 0.3},
        {"encoder.stem": "fast"},
        {"training.processes": 2},
        {"training.momentum": 0.5},
    ],
)
def test_what_does_not_act_is_no_difference(changes):
    assert not of_settings(make_recipe("mae", "paper", changes))


def test_another_optimizer_is_one_difference_and_not_also_its_own_settings():
    recipe = make_recipe("mae", "paper", {"training.optimizer": "sgd", "training.beta2": 0.9})
    assert set(of_settings(recipe)) == {"training.optimizer"}
