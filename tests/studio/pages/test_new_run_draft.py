"""What a draft makes: a recipe, problems, a plan and what it costs."""

from dataclasses import replace

import pytest

from engine.declared import load_catalogue
from engine.store import Dataset, RunStatus, create_run, get_run, save_dataset, write_metrics
from studio.pages.new_run import estimate
from studio.pages.new_run.draft import Draft, check, suggested_name, train_facts
from studio.pages.new_run.health import counts_line, files_line, first_warnings, health_line, splits_line


def dataset(**changes) -> Dataset:
    values = {
        "id": 1, "name": "set", "location": "builtin:set", "kind": "class_folders", "channels": 3,
        "fingerprint": "f", "num_pictures": 1000, "classes": ["a", "b"], "splits": {"train": 1000},
        "mean": [0.5] * 3, "std": [0.2] * 3, "health": {"train_class_counts": {"a": 500, "b": 500}}, "scanned_at": 0.0,
    }  # fmt: skip
    return Dataset(**{**values, **changes})


def test_pictures_are_held_out_where_there_are_labels_and_no_validation_split():
    assert train_facts(dataset(), 0.2).num_train == 800
    uneven = {"train_class_counts": {"a": 899, "b": 1}}
    assert train_facts(dataset(splits={"train": 900, "test": 100}, health=uneven), 0.5).num_train == 900 - 450
    assert train_facts(dataset(splits={"train": 900, "validation": 100}), 0.2).num_train == 900
    assert train_facts(dataset(classes=[], health={}), 0.2).num_train == 1000
    assert (
        train_facts(dataset(classes=["a"], health={"train_class_counts": {"a": 1000}}), 0.2).num_train == 1000
    )
    assert train_facts(dataset(), 0.0).num_train == 1000


def test_a_sound_draft_can_start_and_has_a_plan():
    checked = check(Draft("mae", "desktop", dataset=dataset()), ["cpu"])
    assert checked.can_start
    assert checked.problems == []
    assert checked.plan is not None
    assert checked.plan.total_steps == 800 // 64 * 500


def test_the_preset_follows_the_number_of_pictures_and_what_was_chosen():
    checked = check(Draft("mae", "desktop", dataset=dataset()), ["cpu"])
    assert (checked.recipe.training.batch_size, checked.recipe.training.epochs) == (64, 500)
    assert checked.scaled.reasons["training.batch_size"].startswith("800 pictures: a batch of 64")
    chosen = check(Draft("mae", "desktop", {"training.batch_size": 16}, dataset=dataset()), ["cpu"])
    assert (chosen.recipe.training.batch_size, chosen.recipe.training.epochs) == (16, 120)
    assert "not counted yet" in check(Draft("mae", "desktop"), ["cpu"]).scaled.reasons["training.epochs"]


def test_without_pictures_nothing_starts():
    checked = check(Draft("mae", "desktop"), ["cpu"])
    assert not checked.can_start
    assert checked.problems[0].field == "data.location"
    assert checked.recipe is not None


@pytest.mark.parametrize(
    ("changes", "pictures", "field"),
    [
        ({"encoder.patch_size": 7}, {}, "encoder.patch_size"),
        ({"training.batch_size": 4000}, {}, "training.batch_size"),
        ({"training.warmup_epochs": 500}, {}, "training.warmup_epochs"),
        ({"training.device": "cuda:3"}, {}, "training.device"),
        ({}, {"num_pictures": 1, "splits": {"train": 1}, "classes": []}, "data.location"),
        ({"settings.mask_ratio": 2}, {}, "settings.mask_ratio"),
    ],
)
def test_what_cannot_work_is_said_at_its_field_before_the_run(changes, pictures, field):
    checked = check(Draft("mae", "desktop", changes, dataset=dataset(**pictures)), ["cpu"])
    assert not checked.can_start
    problem = next(problem for problem in checked.problems if problem.field == field)
    assert problem.message.endswith(".")
    assert problem.fix


def test_one_class_or_no_labels_is_a_warning_and_starts():
    checked = check(Draft("mae", "desktop", dataset=dataset(classes=["a"])), ["cpu"])
    assert checked.can_start
    assert [problem.level for problem in checked.problems] == ["warning"]


def test_typing_errors_keep_it_from_starting():
    checked = check(
        Draft("mae", "desktop", errors={"training.epochs": "Enter a number."}, dataset=dataset()), ["cpu"]
    )
    assert not checked.can_start
    assert checked.problems[0].field == "training.epochs"


def test_the_name_follows_method_and_pictures():
    catalogue = load_catalogue()
    assert suggested_name(Draft("mae", "desktop"), catalogue) == "MAE"
    assert suggested_name(Draft("mae", "desktop", dataset=dataset(name="cats")), catalogue) == "MAE cats"


def test_what_it_takes_is_said_in_numbers():
    checked = check(Draft("mae", "desktop", dataset=dataset()), ["cpu"])
    assert estimate.length_line(checked.plan) == "6,000 steps in 500 epochs, 384,000 pictures seen"
    assert "2.50e-4: 0.001 x 64 / 256" in estimate.rate_line(checked.plan)
    assert "66 MB or more each, 14 at most: 924 MB" in estimate.disk_line(checked.recipe, checked.plan)
    assert estimate.time_line(checked.plan, None) == "Time is known after the first steps"


@pytest.mark.parametrize(
    ("method", "preset", "words"),
    [("simclr", "desktop", ": 0.075 x root of 64"), ("cae", "paper", ": 0.0015, not scaled")],
)
def test_the_rate_is_explained_by_the_rule_that_scales_it(method, preset, words):
    checked = check(Draft(method, preset, dataset=dataset()), ["cpu"])
    assert estimate.rate_line(checked.plan).endswith(words)


def test_time_is_known_where_a_like_run_was_made(store):
    save_dataset(
        store,
        **{name: getattr(dataset(), name) for name in Dataset.__slots__ if name not in ("id", "scanned_at")},
    )
    checked = check(Draft("mae", "desktop", dataset=dataset()), ["cpu"])
    tree = checked.recipe.model_dump(mode="json")
    run = create_run(store, name="before", method="mae", recipe=tree, seed=0, status=RunStatus.DRAFT)
    assert estimate.like_speed(store, checked.recipe) is None
    slow_end = [(10, 512.0), (20, 512.0), (30, 30.0)]
    write_metrics(store, run.id, [("images_per_second", step, speed, 0.0) for step, speed in slow_end])
    speed = estimate.like_speed(store, checked.recipe)
    assert estimate.time_line(checked.plan, speed) == "12 min or more, at the 512 pictures/s of 'before'"
    other = check(Draft("mae", "quick", dataset=dataset()), ["cpu"]).recipe
    assert estimate.like_speed(store, other) is None


def test_a_data_set_is_told_in_lines():
    assert counts_line(dataset()) == "1,000 pictures · 2 classes · colour"
    assert counts_line(dataset(classes=[], channels=1)) == "1,000 pictures · no labels · grey"
    assert splits_line(dataset()) == ""
    assert splits_line(dataset(splits={"train": 900, "test": 100})) == "train 900 · test 100"
    assert "scan again for an account" in health_line(dataset())
    whole = {"account": {"seen": 1000, "kept": 1000}, "sampled": 1000}
    assert health_line(dataset(health=whole)) == "Health: nothing found in 1,000 pictures"
    sampled = {**whole, "sampled": 200}
    assert health_line(dataset(health=sampled)).endswith("1,000 pictures; brightness measured on 200")
    assert health_line(dataset(health={**whole, "warnings": ["Uneven."]})) == "Health: 1 warning"
    assert counts_line(dataset(health={"grey": 1.0})).endswith("grey")
    assert counts_line(dataset(health={"grey": 0.3})).endswith("colour and grey")
    assert files_line(dataset(health=whole)) == ""
    assert (
        files_line(dataset(health={"account": {"seen": 1008, "kept": 1000}}))
        == "1,000 of 1,008 files are taken"
    )
    many = dataset(health={"warnings": [f"Warning {number}." for number in range(9)]})
    assert first_warnings(many).splitlines()[-1] == "And 5 more; Show lists them."
    problems = [
        {"path": "a", "reason": "cut off", "kind": "broken"},
        {"path": "b", "reason": "same", "kind": "duplicate"},
    ]
    assert health_line(dataset(health={"problems": problems})) == "Health: 1 broken picture, 1 duplicate"


def test_a_time_has_start_judging_and_checkpoints_in_it_where_a_like_run_ended(store):
    checked = check(Draft("mae", "desktop", dataset=dataset()), ["cpu"])
    tree = checked.recipe.model_dump(mode="json")
    run = create_run(store, name="before", method="mae", recipe=tree, seed=0, status=RunStatus.DRAFT)
    write_metrics(store, run.id, [("images_per_second", step, 512.0, 1000.0 + step) for step in (10, 20, 30)])
    ended = replace(get_run(store, run.id), started_at=1000.0, worked_seconds=48.0, step=210)
    speed = estimate.Speed(512.0, "before", *estimate._whole_time(ended, 10, 1010.0))
    assert (speed.start_seconds, speed.seconds_per_step) == (10.0, 38.0 / 200)
    assert speed.seconds(checked.plan) == pytest.approx(10 + 6000 * 0.19)
    assert "About 19 min with start, judging and checkpoints" in estimate.time_line(checked.plan, speed)
