"""Preset values that follow from the number of pictures, the length of the run and the image size, as data.

A method writes a rule where a constant would not fit every data set or size; the catalogue holds it as JSON; a recipe
only ever holds what it came to. Free of torch.
"""

from collections.abc import Mapping
from typing import Any

from engine.rules.by_pictures import BatchWithin, ByEpochs, ByPictures, EpochsForSteps, ShareOfEpochs
from engine.rules.by_size import QUICK_STEM, BySize, CropOfImage, PatchForRows, ShareOfPatches
from engine.rules.rule import Rule, Scaled, Situation

RULES: Mapping[str, type[Rule]] = {
    rule.kind: rule
    for rule in (
        *(ByPictures, ByEpochs, BatchWithin, EpochsForSteps, ShareOfEpochs),
        *(BySize, CropOfImage, PatchForRows, ShareOfPatches),
    )
}

__all__ = [
    "QUICK_STEM",
    "RULES",
    "BatchWithin",
    "ByEpochs",
    "ByPictures",
    "BySize",
    "CropOfImage",
    "EpochsForSteps",
    "PatchForRows",
    "Rule",
    "Scaled",
    "ShareOfEpochs",
    "ShareOfPatches",
    "Situation",
    "is_rule_data",
    "rule_from_data",
]


def is_rule_data(value: Any) -> bool:
    """True for a rule as the catalogue holds it."""
    return isinstance(value, Mapping) and value.get("rule") in RULES


def rule_from_data(data: Mapping[str, Any]) -> Rule:
    """Read a rule from the catalogue."""
    values = {name: value for name, value in data.items() if name != "rule"}
    if isinstance(values.get("rows"), list):
        values["rows"] = tuple((limit, value) for limit, value in values["rows"])
    return RULES[data["rule"]](**values)
