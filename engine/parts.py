"""From a recipe to its method: settings checked against the sizes, network built from the run's seed."""

import torch

from engine.errors import SettingsError
from engine.method import Method, ViewSpec
from engine.methods import method_named
from engine.nn.encoder import make_encoder
from engine.recipe import Recipe
from engine.settings import Settings


def method_parts(recipe: Recipe) -> tuple[type[Method], Settings, ViewSpec]:
    """The method of a recipe, its validated settings and the sizes of its views.

    Raises:
        SettingsError: If a setting contradicts another.
    """
    method_class = method_named(recipe.method)
    encoder = recipe.encoder
    if encoder.image_size % encoder.patch_size:
        raise SettingsError(
            f"A patch of {encoder.patch_size} px does not divide an image of {encoder.image_size} px.",
            "Choose an image size that is a multiple of the patch size.",
            field="encoder.patch_size",
        )
    settings = method_class.Config.model_validate(recipe.settings)
    spec = ViewSpec(encoder.image_size, encoder.patch_size, recipe.data.channels)
    method_class.check(settings, spec)
    return method_class, settings, spec


def make_method(recipe: Recipe) -> Method:
    """Build the untrained network; the same seed always builds the same weights.

    Raises:
        SettingsError: If the recipe contradicts itself.
    """
    method_class, settings, _ = method_parts(recipe)
    torch.manual_seed(recipe.training.seed)
    return method_class(settings, make_encoder(recipe.encoder, channels=recipe.data.channels))
