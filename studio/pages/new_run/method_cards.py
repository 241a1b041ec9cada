"""One card per method of the catalogue: its name, when to use it, what it needs."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QRadioButton, QVBoxLayout, QWidget
from typing_extensions import override

from engine.declared import MethodEntry
from studio import theme
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip


class MethodCard(QFrame):
    """A method that can be chosen by a click anywhere on its card, or by keys.

    Args:
        method: The entry of the catalogue.
        parent: Qt owner.
    """

    def __init__(self, method: MethodEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"method_card.{method.name}")
        theme.set_role(self, "card")
        self.radio = QRadioButton(method.title, self)
        self.radio.setObjectName(f"method.{method.name}")
        self.radio.setAccessibleName(method.title)
        self.radio.setAccessibleDescription(f"{method.use_when} {method.needs}")
        set_tip(self.radio, method.paper)
        font = self.radio.font()
        font.setBold(True)
        self.radio.setFont(font)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        layout.addWidget(self.radio)
        layout.addWidget(make_label(method.use_when, f"use_when.{method.name}", wraps=True))
        layout.addWidget(make_label(method.needs, f"needs.{method.name}", "small", wraps=True))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the method."""
        self.radio.setChecked(True)
        self.radio.setFocus()


class MethodCards(QWidget):
    """All methods, one chosen.

    Args:
        methods: The catalogue's methods.
        parent: Qt owner.
    """

    chosen = Signal(str)

    def __init__(self, methods: Mapping[str, MethodEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("method_cards")
        self._group = QButtonGroup(self)
        self._cards = {name: MethodCard(method, self) for name, method in methods.items()}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for name, card in self._cards.items():
            self._group.addButton(card.radio)
            layout.addWidget(card)
            card.radio.toggled.connect(lambda on, name=name: self.chosen.emit(name) if on else None)

    def choose(self, name: str) -> None:
        """Choose a method by name."""
        self._cards[name].radio.setChecked(True)
