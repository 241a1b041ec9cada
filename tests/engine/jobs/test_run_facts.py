"""What the doctor is told of a run: a preset's rules as the values they came to."""

from dataclasses import replace

from engine.declared import make_recipe
from engine.doctor.rules.one_point import SUSPECTS
from engine.doctor.suspects import causes_and_knob
from engine.jobs.alarms import run_facts
from engine.jobs.assembly import assemble


def facts_of(folder, **changes):
    small = {"encoder.name": "resnet_nano", "encoder.image_size": 32, "training.batch_size": 8}
    named = {key.replace("__", "."): value for key, value in changes.items()}
    recipe = make_recipe("byol", "desktop", {**small, "data.location": str(folder), **named}, num_train=52)
    assembly = assemble(recipe, "cpu")
    return run_facts(assembly, assembly.make_method(), test_pictures=8, watched_pictures=8)


def test_a_value_that_follows_the_pictures_is_a_number_with_its_reason(picture_folder):
    usual = facts_of(picture_folder(classes=2, each=32)).recommended
    assert isinstance(usual["settings.target_momentum"].value, float)
    assert isinstance(usual["training.warmup_epochs"].value, int | float)
    assert "epochs" in usual["training.warmup_epochs"].source


def test_the_knob_is_the_setting_that_strays_from_what_the_rule_came_to(picture_folder):
    facts = facts_of(picture_folder(classes=2, each=32), settings__target_momentum=0.0)
    causes, knob = causes_and_knob(facts, SUSPECTS)
    assert knob.setting == "settings.target_momentum"
    assert knob.value == facts.recommended["settings.target_momentum"].value
    assert "target that follows too fast" in causes[0]


def test_an_untouched_recipe_strays_nowhere(picture_folder):
    facts = facts_of(picture_folder(classes=2, each=32))
    _, knob = causes_and_knob(replace(facts, settings=facts.settings), SUSPECTS)
    assert knob.setting == "training.base_lr"
