"""What must fail in torch is refused before the start; what is allowed at the edge trains."""

import pytest

from engine.declared import check_recipe, load_catalogue, make_recipe
from tests.benchmarks.bench_edges import Facts, try_one

METHODS = sorted(load_catalogue().methods)
NEEDS_TWO = ("byol", "simclr", "vicreg")


def batch_problems(method, **changes):
    named = {f"training.{name}": value for name, value in changes.items()}
    if method != "mae":
        named["encoder.name"] = "vit_nano"
    recipe = make_recipe(method, "quick", named)
    return [each for each in check_recipe(recipe, Facts(), ["cpu"]) if each.field == "training.batch_size"]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_compares_pictures_needs_two_a_process(method):
    found = batch_problems(method, batch_size=1)
    assert bool(found) == (method in NEEDS_TWO)
    for problem in found:
        assert (problem.level, problem.suggestion) == ("error", 2)
        assert "too small" in problem.message
    shared = batch_problems(method, batch_size=4, processes=4)
    assert [each.suggestion for each in shared] == ([8] if method in NEEDS_TWO else [])
    assert not batch_problems(method, batch_size=8, processes=4)


@pytest.mark.parametrize("method", ["dino", "supervised", *NEEDS_TWO])
def test_a_resnet_needs_two_pictures_a_batch_whatever_the_method(method):
    changes = {"encoder.name": "resnet_nano", "encoder.stem": "large", "encoder.image_size": 16}
    changes |= {"settings.local_size": 8} if method == "dino" else {}
    assert try_one(method, {**changes, "training.batch_size": 1})[0] == "refused"
    assert try_one(method, {**changes, "training.batch_size": 2}) == ("trained", "")


@pytest.mark.parametrize("method", METHODS)
def test_what_a_transformer_can_do_with_one_picture_it_does(method):
    end, words = try_one(method, {"encoder.name": "vit_nano", "training.batch_size": 1})
    assert end == ("refused" if method in NEEDS_TWO else "trained"), words


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        ("mae", {"encoder.name": "vit_6x1x2"}, "position table"),
        ("cae", {"encoder.name": "vit_6x1x2"}, "position table"),
        ("cae", {"settings.decoder_width": 100, "settings.decoder_heads": 0}, "do not divide"),
        ("cae", {"settings.decoder_width": 0, "settings.decoder_heads": 5}, "do not divide"),
    ],
)
def test_widths_that_do_not_fit_are_refused_before_anything_is_built(method, changes, words):
    end, message = try_one(method, changes)
    assert end == "refused"
    assert words in message


def test_few_patches_and_a_high_mask_ratio_train_or_are_refused():
    sizes = {"encoder.image_size": 16, "encoder.patch_size": 8}
    assert try_one("mae", {**sizes, "settings.mask_ratio": 0.99})[0] == "refused"
    assert try_one("mae", {**sizes, "settings.mask_ratio": 0.74}) == ("trained", "")
    assert try_one("mae", {**sizes, "settings.mask_ratio": 0.1}) == ("trained", "")
    assert try_one("cae", {**sizes, "settings.mask_ratio": 0.1})[0] == "refused"
    assert try_one("mae", {"encoder.image_size": 16, "encoder.patch_size": 16})[0] == "refused"


@pytest.mark.parametrize("method", METHODS)
def test_a_card_says_what_its_method_declares(method):
    entry = load_catalogue().method(method)
    assert ("no labels" in entry.needs) != entry.needs_labels
    assert ("vision transformer" in entry.needs) == entry.needs_tokens
    assert entry.needs.startswith("Needs ")
