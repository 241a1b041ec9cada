"""The method's schedules over a run that has not begun."""

from typing import Any

from engine.parts import method_parts
from engine.plan import Plan, make_plan
from engine.recipe import Recipe

MOST_POINTS = 240


def planned_curves(recipe: Recipe, num_train: int) -> dict[str, Any]:
    """Sample what is scheduled beside the learning rate, as the trainer will record it.

    Args:
        recipe: The recipe.
        num_train: Training pictures.

    Returns:
        "steps" -> finished steps, and "values" -> name of each curve -> its value at each of these steps. A method
        without schedules has no curves.

    Raises:
        SettingsError: If the settings contradict each other.
    """
    method_class, settings, _ = method_parts(recipe)
    plan = make_plan(recipe.training, num_train)
    steps = _spread(plan.total_steps)
    values: dict[str, list[float]] = {}
    for step in steps:
        for name, value in _scheduled(plan, step, method_class.curves(settings, plan.progress(step))).items():
            values.setdefault(name, []).append(float(value))
    return {"steps": steps, "values": values}


def _scheduled(plan: Plan, step: int, curves: dict[str, float]) -> dict[str, float]:
    return curves | ({"weight_decay": plan.weight_decay_at(step)} if plan.moves_weight_decay else {})


def _spread(total_steps: int) -> list[int]:
    """Steps of updates from the first to the last, at most ``MOST_POINTS`` of them."""
    last = max(total_steps - 1, 0)
    count = min(MOST_POINTS, last + 1)
    return sorted({round(last * point / max(count - 1, 1)) for point in range(count)})
