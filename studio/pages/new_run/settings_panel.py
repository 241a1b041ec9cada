"""The second column: where the values start from, and the form that changes them."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.declared import Catalogue, PresetEntry, Problem, ScaledPreset, scale_preset
from engine.rules import Rule
from engine.rules.rule import IMAGE_SIZE
from studio.forms.editors import Options
from studio.forms.settings_form import SettingsForm
from studio.pages.new_run.preset_bar import PresetBar
from studio.pages.new_run.weights_line import WEIGHTS, StartingWeights, WeightsLine
from studio.widgets.labels import make_label

# The first column chooses the pictures.
ELSEWHERE = ("data.location",)


class SettingsPanel(QWidget):
    """Presets over the form of the chosen method.

    Args:
        catalogue: Methods, fields and encoders.
        devices: Device name -> title.
        parent: Qt owner.
    """

    edited = Signal()
    settled = Signal()
    changes_lost = Signal(str, dict)

    def __init__(
        self, catalogue: Catalogue, devices: Mapping[str, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("settings_panel")
        self._catalogue = catalogue
        self._options = self._make_options(devices)
        self.method = ""
        self.preset = ""
        self._num_train: int | None = None
        self._weights: StartingWeights | None = None
        self.form = SettingsForm([])
        self.presets = PresetBar(self)
        self.presets.chosen.connect(self._on_preset)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(16)
        self._layout.addWidget(make_label("Settings", "settings_heading", "section"))
        self._layout.addWidget(self.presets)
        self.weights = WeightsLine(self)
        self.weights.taken_out.connect(self._on_taken_out)
        self._layout.addWidget(self.weights)
        self._layout.addWidget(self.form)
        self._layout.addStretch(1)

    def set_method(self, name: str, preset: str = "") -> None:
        """Show the form of a method, with the values of one of its presets."""
        entry = self._catalogue.method(name)
        if name != self.method:
            self.method = name
            self.presets.set_presets(entry.presets)
            self._make_form()
        self.set_preset(preset if preset in entry.presets else self._usual_preset(entry.presets))

    def set_preset(self, name: str) -> None:
        """Start from a preset; the person's changes are taken back, but for weights that the run starts from."""
        self.preset = name
        self.presets.mark(name)
        scaled = scale_preset(self._catalogue.method(self.method).preset(name), num_train=self._num_train)
        was_blocked = self.form.blockSignals(True)  # without its weights the form is not what was asked for
        self.form.start_from(scaled.values, scaled.sources)
        self._apply_weights()
        self.form.blockSignals(was_blocked)
        self.settled.emit()

    def start_from(self, weights: StartingWeights | None) -> None:
        """Start from weights whatever preset and method are chosen, as far as they fit; None takes them out."""
        before, self._weights = self._weights, weights
        if weights is None and before is not None:
            for path in before.changes:
                if path in self.form.rows:
                    self.form.rows[path].reset()
        self._apply_weights()

    def _apply_weights(self) -> None:
        refusal = self._weights.refusal(self._catalogue.method(self.method)) if self._weights else ""
        self.weights.show_weights(self._weights, refusal)
        if self._weights is not None and not refusal:
            self.form.set_values(self._weights.changes)

    def _on_taken_out(self) -> None:
        self.start_from(None)
        self.settled.emit()

    def _on_settled(self) -> None:
        """Forget the weights when the person empties or changes their field."""
        weights = self._weights
        if weights is not None and not weights.refusal(self._catalogue.method(self.method)):
            row = self.form.rows[WEIGHTS]
            if not row.error and row.value() != weights.changes[WEIGHTS]:
                self._weights = None
                self.weights.show_weights(None)
        self.settled.emit()

    def scale(self, scaled: ScaledPreset, num_train: int | None) -> None:
        """Show the preset as it is for these pictures and changes; what the person chose stays.

        Args:
            scaled: The preset, worked out.
            num_train: Training pictures, None before a scan.
        """
        self._num_train = num_train
        self.form.rebase(scaled.values, scaled.sources)

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values over the preset."""
        self.form.set_values(values)

    def keep_values(self, values: Mapping[str, Any]) -> None:
        """Show the values of a recipe, which no number of pictures moves."""
        preset = self._catalogue.method(self.method).preset(self.preset)
        self.form.keep(
            path
            for path, value in preset.values.items()
            if isinstance(value, Rule) and IMAGE_SIZE not in value.needs
        )
        self.form.set_values(values)

    def set_problems(self, problems: list[Problem]) -> None:
        """Show problems at their fields."""
        self.form.set_problems(problems)

    def _make_form(self) -> None:
        old, self.form = (
            self.form,
            SettingsForm(
                self._catalogue.fields_for(self.method), options=self._options, hidden=ELSEWHERE, parent=self
            ),
        )
        self._layout.replaceWidget(old, self.form)
        old.hide()
        old.deleteLater()
        self.form.edited.connect(self.edited)
        self.form.settled.connect(self._on_settled)

    def _on_preset(self, name: str) -> None:
        before, changes = self.preset, self.form.changes()
        self.set_preset(name)
        kept = self._weights.changes if self._weights else {}
        changes = {path: value for path, value in changes.items() if kept.get(path) != value}
        if changes:
            self.changes_lost.emit(before, changes)

    def _usual_preset(self, presets: Mapping[str, PresetEntry]) -> str:
        return "desktop" if "desktop" in presets else next(iter(presets))

    def _make_options(self, devices: Mapping[str, str]) -> dict[str, Options]:
        encoders = {
            name: f"{entry.title} · {entry.params_m:g} M" for name, entry in self._catalogue.encoders.items()
        }
        titled = {name: f"{name} · {title}" for name, title in devices.items()}
        return {"encoder.name": encoders, "training.device": {"auto": "auto", **titled}}
