"""Says which weights a new run starts from, and lets the person take them out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from engine.declared import MethodEntry, load_catalogue
from engine.errors import SettingsError
from studio import theme, wording
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label

WEIGHTS, NAME = "encoder.weights", "encoder.name"


@dataclass(frozen=True)
class StartingWeights:
    """The weights that a new run is to start from.

    Args:
        name: What the person calls them: the run's name.
        changes: Dotted setting name -> value that builds their encoder and names them.
    """

    name: str
    changes: Mapping[str, Any]

    def refusal(self, method: MethodEntry) -> str:
        """Why a method cannot take them, one sentence; empty where it can."""
        try:
            entry = load_catalogue().encoder(str(self.changes.get(NAME, "")))
        except SettingsError as error:
            return str(error)
        if method.needs_tokens and entry.family != "vit":
            return (
                f"{method.title} hides patches and cannot start from '{wording.shortened(self.name)}', whose encoder "
                f"{entry.title} has none: it starts from chance."
            )
        return ""


class WeightsLine(QFrame):
    """One line over the form while there are weights to start from; hidden otherwise.

    Args:
        parent: Qt owner.
    """

    taken_out = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weights_line")
        self.setAccessibleName("Weights to start from")
        theme.set_role(self, "card")
        self.words = make_label("", "weights_words", wraps=True)
        self.button = make_button(
            "Take out", "take_weights_out", self.taken_out.emit, role="quiet", tip="Start from chance"
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.button)
        self.hide()

    def show_weights(self, weights: StartingWeights | None, refusal: str = "") -> None:
        """Say what the run starts from, or why it cannot; nothing without weights."""
        self.setVisible(weights is not None)
        if weights is not None:
            name = wording.shortened(weights.name)
            usual = f"Starts from the weights of '{name}': encoder and sizes follow them."
            self.words.setText(refusal or usual)
