"""What the window draws before a run is what the trainer records in it."""

import numpy as np
import pytest
import torch

from engine.declared import load_catalogue, make_recipe
from engine.inspection.planned import MOST_POINTS, planned_curves
from engine.inspection.preview import preview
from engine.parts import method_parts
from engine.plan import make_plan

PICTURES = 1_000


@pytest.mark.parametrize("name", sorted(load_catalogue().methods))
@pytest.mark.parametrize("preset", ["paper", "desktop", "quick"])
def test_every_scheduled_value_is_sampled_from_the_first_step_to_the_last(name, preset):
    recipe = make_recipe(name, preset, num_train=PICTURES)
    method_class, settings, _ = method_parts(recipe)
    plan = make_plan(recipe.training, PICTURES)
    curves = planned_curves(recipe, PICTURES)
    steps = curves["steps"]
    assert (steps[0], steps[-1]) == (0, plan.total_steps - 1)
    assert len(steps) == min(MOST_POINTS, plan.total_steps)
    assert steps == sorted(set(steps))
    expected = set(method_class.curves(settings, plan.progress(0)))
    expected |= {"weight_decay"} if recipe.training.weight_decay_form == "cosine" else set()
    assert set(curves["values"]) == expected
    for label, values in curves["values"].items():
        assert len(values) == len(steps)
        assert np.isfinite(values).all()
        if label == "weight_decay":
            assert values[-1] == plan.weight_decay_at(steps[-1])
        else:
            assert values[-1] == method_class.curves(settings, plan.progress(steps[-1]))[label]


def test_a_preview_tells_the_schedules_where_the_pictures_are_counted():
    recipe = make_recipe("byol", "quick")
    picture = torch.zeros(3, 40, 40, dtype=torch.uint8)
    assert "curves" not in preview(recipe, picture, 0).info
    look = preview(recipe, picture, 0, PICTURES)
    assert look.info["curves"] == planned_curves(recipe, PICTURES)
    assert list(look.titles.values()) == ["View 1", "View 2"]
