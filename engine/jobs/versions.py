"""What a result depends on beside the recipe: versions of the programs and the computer."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from engine.recipe import Recipe
from engine.value_range import AUTO

RANGE = "value range"
PACKAGES = ("ssl-studio", "torch", "torchvision", "timm", "numpy", "pillow")


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def versions(device: str, precision: str, workers: int) -> dict[str, str | int]:
    """Packages, Python, system, and what the run computes with."""
    packages: dict[str, str | int] = {package: _version_of(package) for package in PACKAGES}
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return packages | {
        "python": platform.python_version(),
        "system": system,
        "cores": os.cpu_count() or 1,
        "device": device,
        "precision": precision,
        "loader processes": workers,
    }


def in_range_of(recipe: Recipe, facts: Mapping[str, Any]) -> Recipe:
    """The recipe with the range of values that a run found in its pictures, where the recipe left it to them.

    Args:
        recipe: Of the run.
        facts: The run's ``versions``.
    """
    found = facts.get(RANGE)
    if not found or recipe.data.value_range != AUTO:
        return recipe
    data = recipe.data.model_copy(update={"value_range": str(found)})
    return recipe.model_copy(update={"data": data})
