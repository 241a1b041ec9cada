"""What the engine declares, readable without torch: methods, encoders, fields, recipes and their checks."""

from engine.declared.catalogue import Catalogue, EncoderEntry, MethodEntry, PresetEntry, load_catalogue
from engine.declared.checks import check_recipe
from engine.declared.cost import checkpoint_bytes, most_checkpoints
from engine.declared.doubts import Computer
from engine.declared.fidelity import Deviation, fidelity
from engine.declared.fields import FieldEntry
from engine.declared.presets import USUAL_PICTURES, ScaledPreset, scale_preset
from engine.declared.problem import Problem
from engine.declared.recipe_file import read_recipe, recipe_from_toml, recipe_to_toml
from engine.declared.recipes import changes_of, make_recipe, recipe_from_dict

__all__ = [
    "USUAL_PICTURES",
    "Catalogue",
    "Computer",
    "Deviation",
    "EncoderEntry",
    "FieldEntry",
    "MethodEntry",
    "PresetEntry",
    "Problem",
    "ScaledPreset",
    "changes_of",
    "check_recipe",
    "checkpoint_bytes",
    "fidelity",
    "load_catalogue",
    "make_recipe",
    "most_checkpoints",
    "read_recipe",
    "recipe_from_dict",
    "recipe_from_toml",
    "recipe_to_toml",
    "scale_preset",
]
