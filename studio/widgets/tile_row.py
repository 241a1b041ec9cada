"""The last values of a run side by side: as many as there is room for, since a number that is cut is another number."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from studio.live.last_values import WordedValue
from studio.widgets.removal import retire
from studio.widgets.value_tile import ValueTile

GAP = 24


class TileRow(QWidget):
    """One tile a value, in the order given; where there is no room the last ones are left out.

    Args:
        name: Beginning of the tiles' object names.
        parent: Qt owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._tiles: dict[str, ValueTile] = {}
        self.setObjectName(f"{name}_tiles")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)
        self._row.addStretch(1)  # those that have room stand together at the end

    @property
    def tiles(self) -> dict[str, ValueTile]:
        """The tiles by name of the metric, those without room too."""
        return self._tiles

    def show_values(self, values: Sequence[WordedValue]) -> None:
        """Show values in place of those that were there."""
        removed: list[ValueTile] = []
        if [value.name for value in values] != list(self._tiles):
            removed = list(self._tiles.values())
            self._tiles = {
                value.name: ValueTile(value.title, f"{self._name}_{value.name}") for value in values
            }
            for tile in self._tiles.values():
                self._row.addWidget(tile)
        for value in values:
            self._tiles[value.name].show_value(value.text, value.whole)
        retire(removed)
        self.updateGeometry()
        self._fit()

    @override
    def sizeHint(self) -> QSize:
        """Room for all of them."""
        hints = [tile.sizeHint() for tile in self._tiles.values()]
        width = sum(hint.width() for hint in hints) + GAP * max(len(hints) - 1, 0)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    @override
    def minimumSizeHint(self) -> QSize:
        """Room for the first."""
        first = next(iter(self._tiles.values()), None)
        return QSize(0, 0) if first is None else first.sizeHint()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() + GAP
        for tile in self._tiles.values():
            room -= tile.sizeHint().width() + GAP
            tile.setVisible(room >= 0)
