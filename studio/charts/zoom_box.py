"""The area of a plot: drag to zoom, double-click to go back, wheel to zoom along the steps."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from typing_extensions import override


class ZoomBox(pg.ViewBox):
    """A view that knows whether a person has zoomed it."""

    zoomed = Signal()
    """A person chose a range."""
    back_asked = Signal()
    """A person wants to see everything again."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseMode(pg.ViewBox.RectMode)
        self.disableAutoRange()

    @override
    def mouseClickEvent(self, ev: Any) -> None:
        if ev.button() == Qt.MouseButton.LeftButton and ev.double():
            ev.accept()
            self.back_asked.emit()

    @override
    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        super().mouseDragEvent(ev, axis)
        if ev.isFinish():
            self.zoomed.emit()

    @override
    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        # Only with Ctrl: on a page of charts the wheel scrolls the page.
        if ev.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(ev, axis=0)
            self.zoomed.emit()
        else:
            ev.ignore()
