"""A curve the size of a word: the course of one series without axes."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio import theme, wording
from studio.widgets.plain_text import set_tip

MARGIN = 3
MOST_POINTS = 240


class Sparkline(QWidget):
    """Draws one series to the width it has; what it shows is also said in words.

    Args:
        name: What the series is called, for the accessible name.
        parent: Qt owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._values: NDArray[np.float64] = np.zeros(0)
        self._run_id = 0
        self.setObjectName("sparkline")
        self.setAccessibleName(f"{name}: no values yet")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(48)

    def show_values(self, values: NDArray[np.float64], run_id: int) -> None:
        """Show a series.

        Args:
            values: Evenly spaced values, float64; those that are not finite are left out.
            run_id: Whose colour the line has.
        """
        finite = values[np.isfinite(values)]
        self._values, self._run_id = finite, run_id
        if len(finite):
            words = f"from {wording.value(finite[0])} to {wording.value(finite[-1])}"
            self.setAccessibleName(f"{self._name}: {words}")
            set_tip(self, f"{self._name} {words}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, 48)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self._values) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPolygonF(self._points())
        color = theme.run_color(self._run_id)
        painter.setPen(QPen(color, 1.5))
        painter.drawPolyline(line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(line.last(), 2.5, 2.5)
        painter.end()

    def _points(self) -> list[QPointF]:
        """Corners of the line in the widget's own coordinates."""
        values = self._values
        if len(values) > MOST_POINTS:
            values = values[np.linspace(0, len(values) - 1, MOST_POINTS).astype(int)]
        # The first few values of a loss tower over the rest; the line is drawn where 98 % of it lies.
        low, high = float(values.min()), float(np.quantile(values, 0.98))
        high = high if high > low else low + 1.0
        width, height = self.width() - 2 * MARGIN, self.height() - 2 * MARGIN
        across = np.linspace(MARGIN, MARGIN + width, len(values))
        down = MARGIN + height * (1 - np.clip((values - low) / (high - low), 0, 1))
        return [QPointF(x, y) for x, y in zip(across.tolist(), down.tolist(), strict=True)]
