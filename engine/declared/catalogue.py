"""The published catalogue of methods and encoders, read from ``resources/catalogue.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from engine.declared.fields import FieldEntry, fields_of
from engine.encoder_names import VitDimensions, read_name
from engine.errors import SettingsError
from engine.imported_settings import ABOUT, IMPORTED, TITLE, ImportedSettings
from engine.recipe import DataSettings, EncoderSettings, TrainingSettings
from engine.rules import Rule, is_rule_data, rule_from_data
from engine.shown import shown


@dataclass(frozen=True)
class PresetEntry:
    """A named set of values, with the source of each; ``presets.scale_preset`` works out the rules among them."""

    name: str
    title: str
    about: str
    values: Mapping[str, "Any | Rule"]
    sources: Mapping[str, str]
    papers: Mapping[str, Any] = field(default_factory=dict)


NEEDS = {"a vision transformer": "needs_tokens", "labels": "needs_labels"}


@dataclass(frozen=True)
class MethodEntry:
    """A method as the window shows it.

    ``fields`` are the method's own settings; ``least_batch`` counts the pictures that a process needs at once;
    ``rebuilds`` says whether it makes pictures that can be looked at; ``deviations`` are sentences on what it does
    otherwise than the official code; ``normalise`` is what "auto" means for its pictures.
    """

    name: str
    title: str
    paper: str
    use_when: str
    needs_tokens: bool
    needs_labels: bool
    rebuilds: bool
    fields: tuple[FieldEntry, ...]
    presets: Mapping[str, PresetEntry]
    deviations: tuple[str, ...] = ()
    normalise: str = ""
    least_batch: int = 1

    @property
    def needs(self) -> str:
        """What it cannot do without, and that it needs no labels where it needs none, in one sentence."""
        needed = [words for words, is_needed in NEEDS.items() if getattr(self, is_needed)]
        if not self.needs_labels:
            needed.append("no labels")
        return f"Needs {', '.join(needed)}."

    def preset(self, name: str) -> PresetEntry:
        """One of the method's presets.

        Raises:
            SettingsError: If there is no such preset.
        """
        if name not in self.presets:
            known = ", ".join(self.presets)
            raise SettingsError(
                f"{self.title} has no preset {shown(name)}.", f"Choose one of {known}.", field="preset"
            )
        return self.presets[name]


@dataclass(frozen=True)
class EncoderEntry:
    """An encoder as the window shows it; ``params_m`` counts millions of weights."""

    name: str
    title: str
    family: str
    width: int
    depth: int
    heads: int
    params_m: float


@dataclass(frozen=True)
class Catalogue:
    """All that can be chosen."""

    methods: Mapping[str, MethodEntry]
    encoders: Mapping[str, EncoderEntry]
    fields: tuple[FieldEntry, ...]

    def method(self, name: str) -> MethodEntry:
        """The entry of a method, or of imported weights.

        Raises:
            SettingsError: If there is no such method.
        """
        if name == IMPORTED:
            return _imported()
        if name not in self.methods:
            known = ", ".join(self.methods)
            raise SettingsError(
                f"There is no method {shown(name)}.", f"Choose one of {known}.", field="method"
            )
        return self.methods[name]

    def encoder(self, name: str) -> EncoderEntry:
        """The entry of an encoder, or what the name of one outside the list says.

        Raises:
            SettingsError: If there is no such encoder.
        """
        if name in self.encoders:
            return self.encoders[name]
        dimensions = read_name(name)
        if isinstance(dimensions, VitDimensions):
            width, depth, heads = dimensions.width, dimensions.depth, dimensions.heads
            return EncoderEntry(name, name, "vit", width, depth, heads, dimensions.params_m)
        if dimensions is not None:
            width, depth = 2048 * dimensions.width, dimensions.depth
            per_layer_m = 0.7 if dimensions.selective else 0.47  # of ResNet-50: 35.2 and 23.5 million
            return EncoderEntry(
                name, name, "simclr_resnet", width, depth, 0, per_layer_m * depth * dimensions.width**2
            )
        known = ", ".join(self.encoders)
        raise SettingsError(
            f"There is no encoder {shown(name)}.", f"Choose one of {known}.", field="encoder.name"
        )

    def fields_for(self, method: str) -> list[FieldEntry]:
        """Every setting of a run with this method: data, encoder, training, then the method's own."""
        return [*self.fields, *self.method(method).fields]


def _imported() -> MethodEntry:
    """Imported weights: looked into and exported, never trained, so that no list of methods has them."""
    fields = tuple(fields_of("settings", ImportedSettings.model_json_schema()))
    return MethodEntry(
        IMPORTED,
        TITLE,
        "",
        ABOUT,
        needs_tokens=False,
        needs_labels=False,
        rebuilds=False,
        fields=fields,
        presets={},
    )


def _encoder_choice(field: FieldEntry, encoders: Mapping[str, EncoderEntry]) -> FieldEntry:
    return FieldEntry(**{**vars(field), "type": "choice", "choices": tuple(encoders)})


def _read_preset(name: str, entry: dict[str, Any]) -> PresetEntry:
    values = {
        path: rule_from_data(value) if is_rule_data(value) else value
        for path, value in entry["values"].items()
    }
    return PresetEntry(name, **{**entry, "values": values})


def _read_method(name: str, entry: dict[str, Any]) -> MethodEntry:
    presets = {key: _read_preset(key, value) for key, value in entry["presets"].items()}
    fields = tuple(fields_of("settings", entry["schema"]))
    names = (
        "title",
        "paper",
        "use_when",
        "needs_tokens",
        "needs_labels",
        "least_batch",
        "rebuilds",
        "normalise",
    )
    plain = {key: entry[key] for key in names}
    return MethodEntry(
        name=name, fields=fields, presets=presets, deviations=tuple(entry["deviations"]), **plain
    )


@cache
def load_catalogue() -> Catalogue:
    """Read the catalogue that was installed with the program."""
    text = files("resources").joinpath("catalogue.json").read_text(encoding="utf-8")
    content = json.loads(text)
    encoders = {name: EncoderEntry(name, **entry) for name, entry in content["encoders"].items()}
    fields = [
        *fields_of("data", DataSettings.model_json_schema()),
        *fields_of("encoder", EncoderSettings.model_json_schema()),
        *fields_of("training", TrainingSettings.model_json_schema()),
    ]
    fields = [_encoder_choice(field, encoders) if field.path == "encoder.name" else field for field in fields]
    methods = {name: _read_method(name, entry) for name, entry in content["methods"].items()}
    return Catalogue(methods, encoders, tuple(fields))
