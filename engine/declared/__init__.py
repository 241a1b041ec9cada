"""What the engine declares, readable without torch: methods, encoders, fields, recipes and their checks."""

from engine.declared.catalogue import Catalogue, EncoderEntry, MethodEntry, PresetEntry, load_catalogue
from engine.declared.checks import Problem, check_recipe
from engine.declared.fields import FieldEntry
from engine.declared.recipes import (
    changes_of,
    make_recipe,
    recipe_from_dict,
    recipe_from_toml,
    recipe_to_toml,
)

__all__ = [
    "Catalogue",
    "EncoderEntry",
    "FieldEntry",
    "MethodEntry",
    "PresetEntry",
    "Problem",
    "changes_of",
    "check_recipe",
    "load_catalogue",
    "make_recipe",
    "recipe_from_dict",
    "recipe_from_toml",
    "recipe_to_toml",
]
