"""Publishes what the methods declare as one file that needs no torch to read.

``ssl-engine catalogue --write`` renews ``resources/catalogue.json``; a test fails when it is not current.
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from engine.method import Method, Preset
from engine.methods import METHODS
from engine.nn.encoders import ENCODERS
from engine.nn.normalise import name_of
from engine.rules import Rule

CATALOGUE_VERSION = 1


def _describe_value(value: Any) -> Any:
    return value.as_data() if isinstance(value, Rule) else value


def _describe_preset(preset: Preset) -> dict[str, Any]:
    return {
        "title": preset.title,
        "about": preset.about,
        "values": {path: _describe_value(sourced.value) for path, sourced in preset.values.items()},
        "papers": {path: one.paper for path, one in preset.values.items() if one.paper is not None},
        "sources": {path: sourced.source for path, sourced in preset.values.items()},
    }


def _describe_method(method: type[Method]) -> dict[str, Any]:
    return {
        "title": method.title,
        "paper": method.paper,
        "use_when": method.use_when,
        "needs_tokens": method.needs_tokens,
        "needs_labels": method.needs_labels,
        "least_batch": method.least_batch,
        "normalise": name_of(method.normalise(3)),
        "deviations": list(method.deviations),
        "rebuilds": method.reconstruct is not Method.reconstruct,
        "schema": method.Config.model_json_schema(),
        "presets": {name: _describe_preset(preset) for name, preset in method.presets.items()},
    }


def describe() -> dict[str, Any]:
    """Everything the window must know of methods and encoders, as plain values."""
    encoders = {
        name: {
            "title": size.title,
            "family": size.family,
            "width": size.width,
            "depth": size.depth,
            "heads": size.heads,
            "params_m": size.params_m,
        }
        for name, size in ENCODERS.items()
    }
    methods = {name: _describe_method(METHODS[name]) for name in sorted(METHODS)}
    return {"version": CATALOGUE_VERSION, "methods": methods, "encoders": encoders}


def render() -> str:
    """The text of the catalogue file."""
    return json.dumps(describe(), indent=1, ensure_ascii=False) + "\n"


def publish(path: Path | None = None) -> Path:
    """Write the catalogue; by default over the file that the programs read."""
    target = path or Path(str(files("resources").joinpath("catalogue.json")))
    target.write_text(render(), encoding="utf-8")
    return target
