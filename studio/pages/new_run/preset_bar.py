"""Chooses the recipe a run starts from: paper, desktop, quick."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.declared import PresetEntry
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label


class PresetBar(QWidget):
    """One button a preset, and a sentence on the chosen one.

    Args:
        parent: Qt owner.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preset_bar")
        self._presets: Mapping[str, PresetEntry] = {}
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addStretch(1)
        self.about = make_label("", "preset_about", "small", wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._row)
        layout.addWidget(self.about)

    def set_presets(self, presets: Mapping[str, PresetEntry]) -> None:
        """Offer the presets of a method."""
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._presets = presets
        self._buttons = {}
        for name, preset in presets.items():
            button = make_button(
                preset.title, f"preset.{name}", partial(self._on_click, name), tip=preset.about
            )
            button.setCheckable(True)
            self._group.addButton(button)
            self._row.insertWidget(len(self._buttons), button)
            self._buttons[name] = button

    def mark(self, name: str) -> None:
        """Show which preset is in use."""
        if name in self._buttons:
            self._buttons[name].setChecked(True)
            self.about.setText(self._presets[name].about)

    def _on_click(self, name: str) -> None:
        self.mark(name)
        self.chosen.emit(name)
