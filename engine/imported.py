"""Weights from elsewhere as something the studio can look into, judge and export, though never train as it is."""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from engine.errors import SettingsError
from engine.imported_settings import ABOUT, IMPORTED, TITLE, ImportedSettings
from engine.method import Method, Preset, ViewMaker, ViewSpec
from engine.nn.encoder import Encoder
from engine.nn.vit import ViTEncoder
from engine.settings import Settings


class Imported(Method):
    """An encoder without anything to train it with."""

    name = IMPORTED
    title = TITLE
    paper = ""
    use_when = ABOUT
    Config = ImportedSettings
    presets: ClassVar[Mapping[str, Preset]] = {}

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__(settings, encoder)
        reading = settings.pooling if isinstance(settings, ImportedSettings) else "cls"
        if isinstance(encoder, ViTEncoder):
            encoder.read_by(reading)

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        raise SettingsError(
            "Imported weights are not trained as they are.",
            "Choose a method, and start it from them: encoder.weights = run:NUMBER.",
            field="method",
        )
