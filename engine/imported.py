"""Weights from elsewhere as something the studio can look into, judge and export, though never train as it is."""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from engine.errors import SettingsError
from engine.imported_settings import ABOUT, IMPORTED, TITLE, ImportedSettings
from engine.method import Method, Preset, ViewMaker, ViewSpec
from engine.settings import Settings


class Imported(Method):
    """An encoder without anything to train it with."""

    name = IMPORTED
    title = TITLE
    paper = ""
    use_when = ABOUT
    Config = ImportedSettings
    presets: ClassVar[Mapping[str, Preset]] = {}

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        raise SettingsError(
            "Imported weights are not trained as they are.",
            "Choose a method, and start it from them: encoder.weights = run:NUMBER.",
            field="method",
        )
