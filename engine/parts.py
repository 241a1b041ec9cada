"""From a recipe to its method: settings checked against the sizes, network built from the run's seed."""

from collections.abc import Mapping

import torch
from pydantic import ValidationError
from torch import Tensor

from engine.declared import recipe_from_dict
from engine.distributed import world_size
from engine.errors import SettingsError
from engine.method import Method, ViewSpec
from engine.methods import method_named
from engine.nn.encoder import Encoder
from engine.nn.encoders import encoder_size, make_encoder
from engine.nn.normalise import NORMALISATIONS, Normalise
from engine.nn.vit import check_vit
from engine.recipe import Recipe
from engine.settings import Settings


def method_parts(recipe: Recipe) -> tuple[type[Method], Settings, ViewSpec]:
    """The method of a recipe, its validated settings and the sizes of its views.

    Raises:
        SettingsError: If a setting contradicts another.
    """
    method_class = method_named(recipe.method)
    encoder = recipe.encoder
    size = encoder_size(encoder.name)
    has_patches = size.family == "vit"
    if has_patches:
        check_vit(encoder)
    elif method_class.needs_tokens:
        raise SettingsError(
            f"{method_class.title} hides patches, and {size.title} has none.",
            "Choose a transformer (ViT).",
            field="encoder.name",
        )
    try:
        settings = method_class.Config.model_validate(recipe.settings)
    except ValidationError:
        recipe_from_dict(recipe.model_dump())  # says what is wrong in words
        raise
    spec = ViewSpec(
        encoder.image_size,
        encoder.patch_size,
        recipe.data.channels,
        has_patches,
        max(recipe.training.processes, world_size()),
        size.width,
        size.heads,
    )
    method_class.check(settings, spec)
    return method_class, settings, spec


def make_normalise(recipe: Recipe) -> Normalise:
    """What pictures pass before the network: as the recipe says, or else as the method's official code does."""
    if recipe.data.normalise == "auto":
        return method_named(recipe.method).normalise(recipe.data.channels)
    mean, std = NORMALISATIONS[recipe.data.normalise]
    return Normalise(recipe.data.channels, mean, std)


def make_method(recipe: Recipe, *, num_classes: int = 0) -> Method:
    """Build the untrained network; the same seed always builds the same weights.

    Args:
        recipe: What was asked for.
        num_classes: C of the data set, for a method that learns from labels.

    Raises:
        SettingsError: If the recipe contradicts itself.
    """
    method_class, settings, _ = method_parts(recipe)
    torch.manual_seed(recipe.training.seed)
    encoder = make_encoder(recipe.encoder, channels=recipe.data.channels)
    if method_class.needs_labels:
        method = method_class(settings, encoder, num_classes=num_classes)  # type: ignore[call-arg]
    else:
        method = method_class(settings, encoder)
    method.set_normalise(make_normalise(recipe))
    return method


def start_from(method: Method, weights: Mapping[str, Tensor]) -> None:
    """Give the encoder of an untrained method, and its copies of it (target, teacher), weights instead of chance.

    Args:
        method: As it was built.
        weights: Every tensor of the encoder.
    """
    for module in method.modules():
        if isinstance(module, Encoder) and module.network.state_dict().keys() == weights.keys():
            module.network.load_state_dict(weights)
