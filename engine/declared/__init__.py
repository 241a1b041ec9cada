"""What the engine declares, readable without torch: methods, encoders, fields, recipes and their checks."""

from engine.declared.catalogue import Catalogue, EncoderEntry, MethodEntry, PresetEntry, load_catalogue
from engine.declared.checks import Problem, check_recipe
from engine.declared.fidelity import Deviation, fidelity
from engine.declared.fields import FieldEntry
from engine.declared.presets import USUAL_PICTURES, ScaledPreset, scale_preset
from engine.declared.recipe_file import read_recipe, recipe_from_toml, recipe_to_toml
from engine.declared.recipes import changes_of, make_recipe, recipe_from_dict

__all__ = [
    "USUAL_PICTURES",
    "Catalogue",
    "Deviation",
    "EncoderEntry",
    "FieldEntry",
    "MethodEntry",
    "PresetEntry",
    "Problem",
    "ScaledPreset",
    "changes_of",
    "check_recipe",
    "fidelity",
    "load_catalogue",
    "make_recipe",
    "read_recipe",
    "recipe_from_dict",
    "recipe_from_toml",
    "recipe_to_toml",
    "scale_preset",
]
