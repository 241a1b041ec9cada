"""What a run takes of this computer and these pictures is said with its numbers before the start."""

from dataclasses import dataclass

import pytest

from engine.declared import Computer, check_recipe, load_catalogue, make_recipe
from engine.declared.cost import SPREAD, checkpoint_bytes, most_checkpoints, seconds_on_cores
from engine.declared.doubts import peak_rates
from engine.plan import make_plan

GIB = 2**30
METHODS = sorted(load_catalogue().methods)
SMALL_COMPUTER = Computer({"cpu": 16 * GIB}, cores=2, free_disk=40 * GIB)


@dataclass
class Facts:
    num_train: int = 3068
    classes: tuple = ("cat", "dog")
    median_side: int | None = None


def found(method, preset, changes=None, facts=None, computer=SMALL_COMPUTER):
    facts = facts or Facts()
    recipe = make_recipe(method, preset, changes, facts.num_train)
    return {each.field: each for each in check_recipe(recipe, facts, list(computer.devices), computer)}


def test_the_papers_recipe_on_two_cores_is_doubted_with_numbers():
    problems = found("mae", "paper")
    assert {each.level for each in problems.values()} == {"warning"}
    assert "4,096 pictures, more than the 3,068" in problems["training.accumulation"].message
    assert "2 cores" in problems["training.epochs"].message
    assert "days" in problems["training.epochs"].message
    assert "14 checkpoints that a long run keeps take 47 GiB" in problems["training.keep_checkpoints"].message


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("preset", ["desktop", "quick"])
def test_a_recipe_made_for_a_desktop_is_not_doubted(method, preset):
    assert found(method, preset) == {}


def test_a_card_is_not_taken_for_a_processor():
    computer = Computer({"cuda:0": 80 * GIB, "cpu": 16 * GIB}, cores=2, free_disk=10_000 * GIB)
    assert set(found("mae", "paper", computer=computer)) == {"training.accumulation"}


@pytest.mark.parametrize(
    ("rate", "words"), [(5.0, "312 times the highest|521 times the highest"), (1e-9, "% of the lowest")]
)
def test_a_rate_far_from_every_known_one_is_doubted_and_the_suggestion_is_the_presets(rate, words):
    problem = found("mae", "quick", {"training.base_lr": rate})["training.base_lr"]
    assert any(part in problem.message for part in words.split("|"))
    assert "the paper's is 0.0024" in problem.message
    assert problem.suggestion == 4e-3
    assert "training.base_lr" not in found("mae", "quick", {"training.base_lr": problem.suggestion})


@pytest.mark.parametrize("method", METHODS)
def test_rates_of_the_methods_own_recipes_are_known(method):
    assert peak_rates(method, make_recipe(method, "paper").training.optimizer)["paper"] > 0


def test_a_long_warm_up_and_enlarged_pictures_are_doubted():
    changes = {"training.warmup_epochs": 12, "encoder.image_size": 256}
    problems = found("mae", "quick", changes, Facts(median_side=100))
    assert "12 of 16 epochs" in problems["training.warmup_epochs"].message
    assert problems["encoder.image_size"].suggestion == 96
    assert "encoder.image_size" not in found(
        "mae", "quick", {"encoder.image_size": 128}, Facts(median_side=100)
    )


@pytest.mark.parametrize(
    ("computer", "field"),
    [
        (Computer({"cpu": 2 * GIB}, 2, None), "encoder.name"),
        (Computer({"cpu": 99 * GIB}, 2, GIB), "training.keep_checkpoints"),
    ],
)
def test_what_the_computer_cannot_hold_at_all_is_an_error(computer, field):
    assert found("mae", "paper", computer=computer)[field].level == "error"


def test_work_follows_pictures_views_and_size():
    def seconds(method, changes, num_train=3000):
        recipe = make_recipe(method, "quick", {"training.batch_size": 50, **changes}, num_train)
        return seconds_on_cores(recipe, make_plan(recipe.training, num_train), 2)

    assert seconds("mae", {}, 6000) == pytest.approx(2 * seconds("mae", {}, 3000))
    assert seconds("simclr", {"encoder.image_size": 64}) == pytest.approx(4 * seconds("simclr", {}))
    assert seconds("mae", {"settings.mask_ratio": 0.5}) == pytest.approx(2 * seconds("mae", {}))
    assert seconds("dino", {"settings.local_crops": 8}) > seconds("dino", {"settings.local_crops": 0})
    measured = 3.9 * 60  # CAE on 5,000 pictures of CIFAR-10, a fifth held out, two cores
    assert measured / SPREAD**2 < seconds("cae", {}, 4000) * SPREAD < measured * SPREAD**2


def test_a_checkpoint_has_as_many_moments_as_its_optimizer():
    adamw, lars = (make_recipe("byol", "quick", {"training.optimizer": name}) for name in ("adamw", "lars"))
    assert checkpoint_bytes(adamw) == pytest.approx(1.5 * checkpoint_bytes(lars))
    assert most_checkpoints(lars) == 14
    assert most_checkpoints(lars, make_plan(lars.training.model_copy(update={"steps": 3}), 100)) == 4
