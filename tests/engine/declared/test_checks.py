"""What can be known to go wrong before a run starts."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.declared import check_recipe, make_recipe
from engine.plan import make_plan
from engine.recipe import TrainingSettings


@dataclass
class Facts:
    num_train: int = 1000
    classes: list = field(default_factory=lambda: ["cat", "dog"])


def problems(changes, facts=None, devices=("cpu",)):
    return check_recipe(make_recipe("mae", "quick", changes), facts or Facts(), devices)


def test_a_memory_that_outlasts_an_epoch_is_doubtful():
    recipe = make_recipe("simclr", "quick", {"settings.memory_size": 65_536})
    [problem] = [
        each for each in check_recipe(recipe, Facts(), ["cpu"]) if each.field == "settings.memory_size"
    ]
    assert problem.level == "warning"
    assert problem.suggestion == Facts().num_train // 2


def test_a_recipe_that_fits_has_no_problems():
    assert problems({}) == []


@pytest.mark.parametrize(
    ("changes", "facts", "place", "words"),
    [
        ({"encoder.patch_size": 7}, None, "encoder.patch_size", "does not divide"),
        ({"training.batch_size": 500}, Facts(num_train=90), "training.batch_size", "larger than the 90"),
        ({"training.warmup_epochs": 30}, None, "training.warmup_epochs", "not shorter than the run"),
        ({"training.steps": 5, "training.warmup_epochs": 2}, None, "training.warmup_epochs", "not shorter"),
        ({"training.device": "cuda"}, None, "training.device", "no device"),
        ({}, Facts(num_train=1), "data.location", "at least two"),
        ({}, Facts(num_train=0), "data.location", "at least two"),
        ({"training.accumulation": 1000}, None, "training.accumulation", "fewer than one step"),
    ],
)
def test_each_contradiction_is_an_error_at_its_field(changes, facts, place, words):
    found = [problem for problem in problems(changes, facts) if problem.field == place]
    assert found
    assert words in found[0].message
    assert found[0].fix
    assert found[0].level == "error"


def test_a_final_weight_decay_that_is_not_reached_is_doubtful():
    recipe = make_recipe("dino", "quick", {"training.weight_decay_end": 0.2})
    [problem] = check_recipe(recipe, None, ["cpu"])
    assert (problem.field, problem.level) == ("training.weight_decay_form", "warning")
    mended = make_recipe(
        "dino", "quick", {"training.weight_decay_end": 0.2, problem.field: problem.suggestion}
    )
    assert check_recipe(mended, None, ["cpu"]) == []


@pytest.mark.parametrize(
    ("course", "end"),
    [
        ({}, 0.04),
        ({"weight_decay_form": "cosine"}, 0.0),
        ({"weight_decay_form": "cosine", "weight_decay_end": 0.4}, 0.4),
        ({"weight_decay_form": "constant", "weight_decay_end": 0.4}, 0.04),
        ({"weight_decay_end": 0.4}, 0.4),  # as recipes said it before the course had a name
    ],
)
def test_a_weight_decay_goes_where_its_course_says(course, end):
    plan = make_plan(TrainingSettings(weight_decay=0.04, steps=100, **course), 1000)
    assert plan.weight_decay_at(0) == pytest.approx(0.04)
    assert plan.weight_decay_at(100) == pytest.approx(end)


CARDS = ("cuda:0", "cuda:1", "cpu")


@pytest.mark.parametrize(
    ("changes", "devices", "words", "suggestion"),
    [
        ({"training.batch_size": 64, "training.processes": 3}, ("cpu",), "cannot share a batch of 64", 2),
        ({"training.processes": 4}, CARDS, "this computer has 2 graphics cards", 2),
        ({"training.processes": 2, "training.device": "mps"}, ("mps", "cpu"), "one device of this kind", 1),
    ],
)
def test_processes_that_cannot_share_batch_or_devices_are_an_error(changes, devices, words, suggestion):
    (problem,) = (p for p in problems(changes, devices=devices) if p.field == "training.processes")
    assert words in problem.message
    assert (problem.level, problem.suggestion) == ("error", suggestion)


@pytest.mark.parametrize(
    ("wanted", "devices"), [("auto", CARDS), ("cpu", ("cuda:0", "cpu")), ("cpu", ("cpu",))]
)
def test_processes_that_fit_are_no_problem(wanted, devices):
    assert not problems({"training.processes": 2, "training.device": wanted}, devices=devices)


@pytest.mark.parametrize("name", ["teacher_temperature_epochs", "freeze_last_layer"])
def test_a_phase_of_a_method_that_outlasts_the_run_is_an_error(name):
    def found(epochs, **changes):
        recipe = make_recipe("dino", "quick", {f"settings.{name}": epochs, "training.epochs": 4, **changes})
        return [p for p in check_recipe(recipe, Facts(), ("cpu",)) if p.field == f"settings.{name}"]

    assert not found(4)
    (problem,) = found(5)
    assert "the run has only 4" in problem.message
    assert problem.level == "error"
    assert problem.suggestion == 4
    assert not found(5, **{"training.steps": 3})


@pytest.mark.parametrize("classes", [[], ["only"]])
def test_missing_labels_are_a_warning(classes):
    found = problems({}, Facts(classes=classes))
    assert [problem.level for problem in found] == ["warning"]


@given(
    st.integers(16, 256), st.integers(1, 64), st.integers(1, 3000), st.integers(2, 2000), st.floats(0, 100)
)
def test_taking_every_suggestion_leaves_no_error(image, patch, batch, num_train, warmup):
    changes = {
        "encoder.image_size": image,
        "encoder.patch_size": patch,
        "training.batch_size": batch,
        "training.warmup_epochs": warmup,
        "training.device": "cuda:3",
    }
    for _ in range(4):
        found = [
            problem for problem in problems(changes, Facts(num_train=num_train)) if problem.level == "error"
        ]
        changes |= {problem.field: problem.suggestion for problem in found}
    assert found == []


@given(st.integers(2, 5000), st.integers(1, 600), st.integers(1, 8), st.integers(1, 50))
def test_a_plan_counts_whole_batches_and_ends_its_schedule_at_the_floor(
    num_train, batch, accumulation, epochs
):
    training = make_recipe(
        "mae",
        "quick",
        {
            "training.batch_size": batch,
            "training.accumulation": accumulation,
            "training.epochs": epochs,
            "training.warmup_epochs": 0.5,
        },
    ).training
    plan = make_plan(training, num_train)
    assert plan.total_steps >= 1
    assert plan.total_batches == plan.total_steps * accumulation
    assert plan.lr_at(0) == 0
    assert all(plan.lr_at(step) <= plan.peak_lr * (1 + 1e-9) for step in range(plan.total_steps))
    if plan.total_epochs > 1:
        assert plan.lr_at(plan.total_steps) <= plan.peak_lr * 1e-6
