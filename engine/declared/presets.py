"""A preset for a data set: what its rules come to, and why."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.declared.catalogue import PresetEntry
from engine.recipe import EncoderSettings, TrainingSettings
from engine.rules import Rule, Situation

USUAL_PICTURES = 10_000
"""Training pictures that a preset is scaled to while nobody knows how many there are."""


@dataclass(frozen=True)
class ScaledPreset:
    """A preset in plain values.

    Args:
        values: Dotted setting name -> value.
        sources: Dotted setting name -> where it comes from; for a scaled value the reason stands first.
        reasons: Dotted setting name -> why this value, for the scaled ones alone.
    """

    values: Mapping[str, Any]
    sources: Mapping[str, str]
    reasons: Mapping[str, str]


def scale_preset(
    preset: PresetEntry, changes: Mapping[str, Any] | None = None, num_train: int | None = None
) -> ScaledPreset:
    """Work out a preset's rules.

    Args:
        preset: The preset, constants and rules.
        changes: Dotted setting name -> value that the person chose: rules look at it, so that a larger batch makes
            fewer steps an epoch. They are not part of the result. Unusable values are overlooked.
        num_train: Training pictures; ``USUAL_PICTURES`` is taken where they are not counted.
    """
    defaults = {f"training.{name}": value for name, value in TrainingSettings().model_dump().items()}
    defaults |= {f"encoder.{name}": value for name, value in EncoderSettings().model_dump().items()}
    known = {path: value for path, value in preset.values.items() if not isinstance(value, Rule)}
    waiting = {path: value for path, value in preset.values.items() if isinstance(value, Rule)}
    chosen = {path: value for path, value in (changes or {}).items() if _can_be_counted_with(value)}
    values, reasons = dict(known), dict[str, str]()
    while waiting:
        path = next(
            path for path, rule in waiting.items() if not set(rule.needs) & (set(waiting) - set(chosen))
        )
        situation = Situation(
            USUAL_PICTURES if num_train is None else num_train,
            num_train is not None,
            {**defaults, **values, **chosen},
        )
        scaled = waiting.pop(path).resolve(situation)
        values[path], reasons[path] = scaled.value, scaled.reason
    sources = {
        path: f"{reasons[path]} · {source}" if path in reasons else source
        for path, source in preset.sources.items()
    }
    return ScaledPreset({path: values[path] for path in preset.values}, sources, reasons)


def _can_be_counted_with(value: Any) -> bool:
    """False for what no rule can divide by; the recipe's own check refuses it in words."""
    return isinstance(value, (int, float)) and 0 < value < math.inf
