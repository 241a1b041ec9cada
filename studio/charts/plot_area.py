"""The part of a chart that pyqtgraph draws: axes, lines, crosshair, zoom."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from studio import theme
from studio.charts.axis import StepAxis, ValueAxis
from studio.charts.chart_theme import apply_theme, faint_pen, line_pen, set_up
from studio.charts.series import Floats, Lines, extent, for_axis
from studio.charts.zoom_box import ZoomBox

PADDING = 0.04
SPIKES = 0.002
AXIS_WIDTH = 58
DOT = 6  # pixels
NO_LIMIT = -1e307  # as pyqtgraph says it


class PlotArea(pg.PlotWidget):
    """Draws lines over steps; it knows nothing of where they come from.

    Args:
        title: What is plotted, for the accessible name.
        unit: Unit of the values, shown on the axis.
        parent: Qt owner.
    """

    zoomed = Signal(int, int)
    """A person chose these steps."""
    back_asked = Signal()
    pointed = Signal(object)
    """The step under the pointer, None when it left."""

    def __init__(self, title: str, unit: str, parent: QWidget | None = None) -> None:
        set_up()
        self._box = ZoomBox()
        axes = {"bottom": StepAxis(), "left": ValueAxis()}
        super().__init__(parent, viewBox=self._box, axisItems=axes)
        self._raw: dict[str, Any] = {}
        self._smooth: dict[str, Any] = {}
        self.log_x = self.log_y = False
        self.setObjectName("plot")
        self.setAccessibleName(f"Plot of {title}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAccessibleName(f"Plot of {title}")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.hideButtons()
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.showGrid(x=True, y=True, alpha=0.12)
        self.setLabel("bottom", "step")
        if unit:
            self.setLabel("left", unit)
        for side in ("left", "bottom"):
            self.getAxis(side).enableAutoSIPrefix(False)
        self.getAxis("left").setWidth(AXIS_WIDTH)
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._crosshair.setVisible(False)
        self.addItem(self._crosshair, ignoreBounds=True)
        self._box.zoomed.connect(self._on_zoomed)
        self._box.back_asked.connect(self.back_asked)
        self.scene().sigMouseMoved.connect(self._on_mouse_moved)

    def set_keys(self, keys: Iterable[str]) -> None:
        """Make lines for these series, in place of those that were there."""
        for item in (*self._raw.values(), *self._smooth.values()):
            self.removeItem(item)
        names = list(keys)
        # pyqtgraph's own thinning assumes even steps; the store thins for us, so none of it is switched on.
        self._raw = {key: self.plot(symbolSize=DOT) for key in names}
        self._smooth = {key: self.plot(symbolSize=DOT) for key in names}

    def recolour(self, colors: Mapping[str, QColor], *, smoothed: Collection[str]) -> None:
        """Put the theme on everything that is drawn; raw values are faint behind a smoothed line."""
        apply_theme(self)
        self._crosshair.setPen(pg.mkPen(theme.color("muted"), width=1))
        for key, color in colors.items():
            self._raw[key].setPen(faint_pen(color) if key in smoothed else line_pen(color))
            self._smooth[key].setPen(line_pen(color))
            for item in (self._raw[key], self._smooth[key]):
                item.setSymbolPen(None)
                item.setSymbolBrush(color)

    def draw(
        self, lines: Mapping[str, Lines], *, smoothed: Collection[str], span: tuple[int, int] | None
    ) -> None:
        """Draw lines.

        Args:
            lines: Key -> what to draw.
            smoothed: Keys whose smoothed line is drawn over the raw one.
            span: First and last step shown, None for all of them.
        """
        for key, one in lines.items():
            self._set(self._raw[key], one.raw_steps, one.raw_values)
            self._smooth[key].setVisible(key in smoothed)
            if key in smoothed:
                self._set(self._smooth[key], one.steps, one.smoothed)
        self._fit(lines, bool(smoothed), span)

    def set_log(self, *, x: bool, y: bool) -> None:
        """Make axes logarithmic; whoever calls this draws anew."""
        self.log_x, self.log_y = x, y
        self.getAxis("bottom").setLogMode(x)
        self.getAxis("left").setLogMode(y)

    def show_crosshair(self, step: float | None) -> None:
        """Put the crosshair on a step; None takes it away."""
        is_drawable = step is not None and (step > 0 or not self.log_x)
        self._crosshair.setVisible(is_drawable)
        if step is not None and is_drawable:
            self._crosshair.setPos(float(np.log10(step)) if self.log_x else step)

    def _set(self, item: Any, steps: Floats, values: Floats) -> None:
        # A line of one point is nothing on the screen: it is drawn as a dot.
        symbol = "o" if np.count_nonzero(np.isfinite(values)) == 1 else None
        item.setData(
            for_axis(steps, self.log_x), for_axis(values, self.log_y), connect="finite", symbol=symbol
        )

    def _fit(self, lines: Mapping[str, Lines], is_smoothed: bool, span: tuple[int, int] | None) -> None:
        """Show the whole range, or the zoomed one, and the values in it."""
        x = extent([for_axis(one.steps, self.log_x) for one in lines.values()])
        # No step is negative: neither the room around the first point nor a wheel shows what cannot be.
        self._box.setLimits(xMin=NO_LIMIT if self.log_x else 0.0)
        y = extent(
            [for_axis(one.raw_values, self.log_y) for one in lines.values()], SPIKES if is_smoothed else 0.0
        )
        if span is not None and not self.log_x:
            x = (float(span[0]), float(span[1]))
        if x is not None and y is not None:
            self._box.setRange(xRange=self._room_for_steps(x), yRange=_with_air(_room(y)), padding=0)

    def _room_for_steps(self, x: tuple[float, float]) -> tuple[float, float]:
        """The steps with a little air, but none below 0; a single one has room around it."""
        if self.log_x:
            return _with_air(_room(x))
        low, high = x if x[1] > x[0] else (x[0] - 1, x[0] + 1)
        low, high = _with_air((low, high))
        return max(low, 0.0), high

    def _on_zoomed(self) -> None:
        low, high = self._box.viewRange()[0]
        if self.log_x:
            low, high = 10**low, 10**high
        first = max(int(low), 0)
        self.zoomed.emit(first, max(int(high), first + 1))

    def _on_mouse_moved(self, position: Any) -> None:
        if not self._box.sceneBoundingRect().contains(position):
            self.pointed.emit(None)
            return
        across = float(self._box.mapSceneToView(position).x())
        self.pointed.emit(10**across if self.log_x else across)


def _with_air(span: tuple[float, float]) -> tuple[float, float]:
    air = PADDING * (span[1] - span[0])
    return span[0] - air, span[1] + air


def _room(span: tuple[float, float]) -> tuple[float, float]:
    """A span that is never empty, for a series of one point or of equal ones."""
    low, high = span
    return span if high > low else (low - (abs(low) or 1) * 0.05, high + (abs(high) or 1) * 0.05)
