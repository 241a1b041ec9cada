"""What a recipe will do to a picture, before any training."""

import torch
from torch import Tensor

from engine.inspection.look import Look, batch_of_one, to_picture
from engine.inspection.planned import planned_curves
from engine.parts import make_normalise, method_parts
from engine.recipe import Recipe


@torch.no_grad()
def preview(recipe: Recipe, picture: Tensor, seed: int, num_train: int | None = None) -> Look:
    """Show the views of one picture as the method sees them, such as its mask.

    Args:
        recipe: The settings as they stand in the form.
        picture: (C, H, W) uint8 of any size.
        seed: Decides crop, flip and mask.
        num_train: Training pictures, for the method's schedules over the run; None leaves them out.

    Returns:
        The pictures; ``info["curves"]`` holds the schedules, see ``planned_curves``.

    Raises:
        SettingsError: If the settings contradict each other, with the field to change.
    """
    method_class, settings, spec = method_parts(recipe)
    normalise = make_normalise(recipe)
    views = batch_of_one(method_class.views(settings, spec), picture, seed, normalise)
    shown = method_class.preview(settings, spec, views)
    names = {title.lower().replace(" ", "_"): title for title in shown}
    arrays = {name: to_picture(shown[title], normalise) for name, title in names.items()}
    return Look(arrays, names, {"curves": planned_curves(recipe, num_train)} if num_train else {})
