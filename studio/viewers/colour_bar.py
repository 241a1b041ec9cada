"""The legend of a coloured map: its ramp with numbers and a unit."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio.theme import color

BAR_HEIGHT = 10
WIDTH = 240


class SignedBar(QWidget):
    """A ramp from minus to plus a limit.

    Args:
        limit: Where the ramp ends.
        unit: What is measured, such as "of full brightness".
        parent: Qt owner.
    """

    def __init__(self, limit: float, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limit, self._unit = limit, unit
        self.setObjectName("signed_bar")
        self.setAccessibleName(f"Colours from minus to plus {limit:g} {unit}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        """The bar over a line of numbers."""
        return QSize(WIDTH, BAR_HEIGHT + 2 + self.fontMetrics().lineSpacing())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ramp and the numbers below it."""
        painter = QPainter(self)
        bar = QRectF(0, 0, self.width(), BAR_HEIGHT)
        ramp = QLinearGradient(bar.topLeft(), bar.topRight())
        for place, token in ((0.0, "error_below"), (0.5, "error_zero"), (1.0, "error_above")):
            ramp.setColorAt(place, color(token))
        painter.fillRect(bar, ramp)
        painter.setPen(color("muted"))
        text = QRectF(0, BAR_HEIGHT + 2, self.width(), self.height() - BAR_HEIGHT - 2)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, f"-{self._limit:g}")
        painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, self._unit)
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, f"+{self._limit:g}")
