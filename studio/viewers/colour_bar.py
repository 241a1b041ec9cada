"""The legend of a coloured map: its ramp with numbers and a unit."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio.theme import color, ramp

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
        colours = [color(token) for token in ("error_below", "error_zero", "error_above")]
        _paint(self, colours, (f"-{self._limit:g}", self._unit, f"+{self._limit:g}"))


class RampBar(QWidget):
    """A ramp of a colour map from least to most.

    Args:
        colour_map: Name of the map in the theme, such as "inferno".
        parent: Qt owner.
    """

    def __init__(self, colour_map: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = ramp(colour_map)
        self.setObjectName("ramp_bar")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_words("", "", "")

    @property
    def words(self) -> tuple[str, str, str]:
        """What stands at the least colour, in the middle (the unit), and at the most."""
        return self._words

    def set_words(self, least: str, unit: str, most: str) -> None:
        """Say what the ends of the ramp are."""
        self._words = (least, unit, most)
        self.setAccessibleName(f"Colours from {least} to {most}, {unit}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        """The bar over a line of words."""
        return QSize(WIDTH, BAR_HEIGHT + 2 + self.fontMetrics().lineSpacing())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ramp and the words below it."""
        _paint(self, self._colours, self._words)


def _paint(widget: QWidget, colours: Sequence[QColor], words: tuple[str, str, str]) -> None:
    """Draw colours at even steps over a line of words at the left, in the middle and at the right."""
    painter = QPainter(widget)
    bar = QRectF(0, 0, widget.width(), BAR_HEIGHT)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    for number, colour in enumerate(colours):
        gradient.setColorAt(number / (len(colours) - 1), colour)
    painter.fillRect(bar, gradient)
    painter.setPen(color("muted"))
    text = QRectF(0, BAR_HEIGHT + 2, widget.width(), widget.height() - BAR_HEIGHT - 2)
    places = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    for place, word in zip(places, words, strict=True):
        painter.drawText(text, place, word)
