"""A live chart of one or more series over steps.

The same gestures everywhere: drag zooms, double-click goes back, S smooths, L and Shift+L make an axis logarithmic,
C copies the values, T shows them as a table, the arrow keys move the crosshair. A zoom reads the store anew, so that
deep enough every point is shown.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from studio import theme, wording
from studio.charts.data_table import DataTable, as_tsv
from studio.charts.legend_row import LegendRow
from studio.charts.plot_area import PlotArea
from studio.charts.reading import Reading, hidden_words
from studio.charts.series import Lines, Points, SeriesSource, in_unit_of_chart, make_lines
from studio.charts.smoothing import window_of_slider
from studio.widgets.buttons import make_icon_button
from studio.widgets.labels import make_label

MOST_POINTS = 2400
COPY_POINTS = 100_000
LEAD_IN = 3
LEAD_IN_POINTS = 20_000
ZOOM_MILLISECONDS = 60
USUAL_SMOOTHING = 35


class CurveChart(QFrame):
    """A chart with a title, axes with units, a legend that reads out the crosshair, and a menu of its gestures.

    Args:
        title: What is plotted, such as "Loss".
        unit: Unit of the values, shown on the axis; empty for none.
        name: Object name.
        parent: Qt owner.
    """

    smoothing_changed = Signal(int)

    def __init__(self, title: str, unit: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._unit = title, unit
        self._sources: list[SeriesSource] = []
        self._lines: dict[str, Lines] = {}
        self._spans: dict[str, float] = {}
        self._last: dict[str, tuple[int, float | None]] = {}
        self._smoothing = 0
        self._range: tuple[int, int] | None = None
        self._crosshair_step: float | None = None
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_role(self, "card")
        self._build()
        # A wheel zooms in many small turns: the store is read once they rest.
        self._zoom_timer = QTimer(self)
        self._zoom_timer.setSingleShot(True)
        self._zoom_timer.setInterval(ZOOM_MILLISECONDS)
        self._zoom_timer.timeout.connect(self.refresh)
        theme.theme_changed.connect(self.apply_theme)
        self.apply_theme()

    @property
    def lines(self) -> dict[str, Lines]:
        """What is drawn now, by key of the series."""
        return self._lines

    @property
    def smoothing(self) -> int:
        """Position of the smoothing slider, 0 for none."""
        return self._smoothing

    @property
    def is_log_x(self) -> bool:
        """Whether the axis of steps is logarithmic."""
        return self.plot.log_x

    @property
    def is_log_y(self) -> bool:
        """Whether the axis of values is logarithmic."""
        return self.plot.log_y

    @property
    def zoomed_range(self) -> tuple[int, int] | None:
        """First and last step of the zoom; None when everything is shown."""
        return self._range

    def set_series(self, sources: Sequence[SeriesSource]) -> None:
        """Choose what is plotted, and read it.

        Args:
            sources: The series in the order of the legend.
        """
        self._sources, self._last, self._range = list(sources), {}, None
        self.plot.set_keys(source.key for source in sources)
        self.legend.set_series({source.key: source.title for source in sources})
        self.apply_theme()
        self.refresh()

    def show_last(self, last: Mapping[str, tuple[int, float | None]]) -> None:
        """Say the newest values before they are drawn, so that every legend and header speaks of one moment.

        Args:
            last: Key -> step and value as stored, None where it was not finite.
        """
        self._last = dict(last)
        self._read_out()

    def refresh(self) -> None:
        """Read the points of the visible range anew and draw them."""
        self._lines = {source.key: self._read(source) for source in self._sources}
        self._draw()

    def set_smoothing(self, position: int) -> None:
        """Smooth the curves; the raw values stay behind them, faint.

        Args:
            position: 0 for none to 100.
        """
        if position != self._smoothing:
            self._smoothing = position
            self.apply_theme()
            self.refresh()
            self.smoothing_changed.emit(position)

    def set_log(self, *, x: bool | None = None, y: bool | None = None) -> None:
        """Make an axis logarithmic or linear; what has no logarithm becomes a gap."""
        self.plot.set_log(x=self.is_log_x if x is None else x, y=self.is_log_y if y is None else y)
        self._draw()

    def zoom_to(self, first: int, last: int) -> None:
        """Show only the steps from ``first`` to ``last``, every point of them where they fit."""
        self._range = (max(first, 0), max(last, first + 1))
        self.refresh()

    def zoom_back(self) -> None:
        """Show everything."""
        self._zoom_timer.stop()
        self._range = None
        self.refresh()

    def apply_theme(self) -> None:
        """Recolour what is already drawn."""
        colors = {source.key: source.color() for source in self._sources}
        self.plot.recolour(colors, smoothed=self._smoothed_keys())
        for key, color in colors.items():
            self.legend.entries[key].show_color(color)

    def point_at(self, step: float | None) -> None:
        """Put the crosshair on a step and read out the values there; None reads out the last ones."""
        self._crosshair_step = step
        self.plot.show_crosshair(step)
        self._read_out()

    def copy_values(self) -> None:
        """Put the values of the visible range on the clipboard as tab-separated text."""
        QGuiApplication.clipboard().setText(as_tsv(self._read_for_person(COPY_POINTS)))

    def show_table(self) -> DataTable:
        """Open the values of the visible range as a table."""
        table = DataTable(self._title, self._read_for_person(MOST_POINTS), self)
        table.show()
        return table

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(make_label(self._title, "chart_title", "section"))
        head.addStretch(1)
        head.addWidget(self._build_menu())
        column.addLayout(head)
        self.plot = PlotArea(self._title, self._unit)
        self.plot.zoomed.connect(self._on_zoomed)
        self.plot.back_asked.connect(self.zoom_back)
        self.plot.pointed.connect(self.point_at)
        column.addWidget(self.plot, 1)
        self.hidden = make_label("", "chart_hidden", "small", wraps=True)
        self.hidden.hide()
        column.addWidget(self.hidden)
        self.legend = LegendRow()
        column.addWidget(self.legend)

    def _build_menu(self) -> QToolButton:
        name = f"Chart menu: {self._title}"
        button = make_icon_button("more", name, "chart_menu", lambda: None)
        menu = QMenu(button)
        menu.setAccessibleName(name)
        for text, act in (
            ("Smooth\tS", self._toggle_smoothing),
            ("Logarithmic values\tL", self._toggle_log_y),
            ("Logarithmic steps\tShift+L", self._toggle_log_x),
            ("Show everything\tEsc", self.zoom_back),
            ("Copy values\tC", self.copy_values),
            ("Show data as table\tT", self.show_table),
        ):
            menu.addAction(text).triggered.connect(_ignoring_checked(act))
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _draw(self) -> None:
        self.plot.draw(self._lines, smoothed=self._smoothed_keys(), span=self._range)
        self._say_hidden()
        self._read_out()

    def _read(self, source: SeriesSource) -> Lines:
        """Read what is visible of a series, with enough before it to smooth its beginning as well."""
        smoothing = self._smoothing if source.smooths else 0
        window = window_of_slider(smoothing, self._spans.get(source.key, 0.0))
        if self._range is None:
            points = source.read(None, None, MOST_POINTS)
            self._spans[source.key] = span = (
                float(points.steps[-1] - points.steps[0]) if len(points.steps) else 0.0
            )
            return make_lines(points, scale=source.scale, window=window_of_slider(smoothing, span))
        first, last = self._range
        if not window:
            return make_lines(source.read(first, last, MOST_POINTS), scale=source.scale)
        lead_in = max(first - round(LEAD_IN * window), 0)
        # The lead-in must not make the visible part coarser.
        most = round(MOST_POINTS * (last - lead_in) / (last - first))
        points = source.read(lead_in, last, min(most, LEAD_IN_POINTS))
        return make_lines(points, scale=source.scale, window=window, first=first)

    def _read_for_person(self, max_points: int) -> dict[str, Points]:
        first, last = self._range or (None, None)
        unit = f" ({self._unit})" if self._unit else ""
        return {
            f"{source.title}{unit}": in_unit_of_chart(source.read(first, last, max_points), source.scale)
            for source in self._sources
        }

    def _smoothed_keys(self) -> frozenset[str]:
        """Series that have a smoothed line over the measured one."""
        return frozenset(source.key for source in self._sources if source.smooths and self._smoothing)

    def _say_hidden(self) -> None:
        """Say what a logarithmic axis cannot show."""
        sentence = hidden_words(
            self._lines.values(), log_x=self.is_log_x, log_y=self.is_log_y, span=self._range
        )
        self.hidden.setText(sentence)
        self.hidden.setVisible(bool(sentence))

    def _read_out(self) -> None:
        """Say the values under the crosshair, or the last ones, in the legend and to screen readers."""
        said, at = [], self._crosshair_step
        for source in self._sources:
            reading = self._reading(source)
            if reading is None:
                continue
            at = reading.step
            self.legend.entries[source.key].show_value(reading.text(self._unit), reading.whole(self._unit))
            said.append(f"{source.title} {reading.text(self._unit)}")
        place = "" if at is None else f"step {wording.count(round(at))}"
        self.legend.say_place(place, is_crosshair=self._crosshair_step is not None)
        self.setAccessibleDescription(f"{', '.join(said)} at {place}" if said else "No values yet")

    def _reading(self, source: SeriesSource) -> Reading | None:
        """What the legend says of a series: a value as it was measured, never a smoothed one."""
        if self._crosshair_step is None and self._range is None and source.key in self._last:
            step, last = self._last[source.key]
            return Reading(step, math.nan if last is None else last * source.scale)
        lines = self._lines[source.key]
        index = len(lines.steps) - 1 if self._crosshair_step is None else lines.nearest(self._crosshair_step)
        if index is None or index < 0:
            return None
        smoothed = float(lines.smoothed[index]) if source.key in self._smoothed_keys() else None
        return Reading(float(lines.steps[index]), float(lines.values[index]), lines.level > 0, smoothed)

    def _move_crosshair(self, by: int) -> None:
        lines = next(iter(self._lines.values()), None)
        if lines is None or not len(lines.steps):
            return
        start = float(lines.steps[-1]) if self._crosshair_step is None else self._crosshair_step
        index = lines.nearest(start) or 0
        self.point_at(float(lines.steps[min(max(index + by, 0), len(lines.steps) - 1)]))

    def _toggle_smoothing(self) -> None:
        self.set_smoothing(0 if self._smoothing else USUAL_SMOOTHING)

    def _toggle_log_x(self) -> None:
        self.set_log(x=not self.is_log_x)

    def _toggle_log_y(self) -> None:
        self.set_log(y=not self.is_log_y)

    def _on_zoomed(self, first: int, last: int) -> None:
        self._range = (first, last)
        self._zoom_timer.start()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point_at(None)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        act = self._act_of(event)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _act_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        """What a key does here; None for keys that belong to others."""
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return None
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        stride = 10 if is_shifted else 1
        acts: dict[int, Callable[[], object]] = {
            Qt.Key.Key_S: self._toggle_smoothing,
            Qt.Key.Key_L: self._toggle_log_x if is_shifted else self._toggle_log_y,
            Qt.Key.Key_C: self.copy_values,
            Qt.Key.Key_T: self.show_table,
            Qt.Key.Key_Escape: self.zoom_back,
            Qt.Key.Key_Left: lambda: self._move_crosshair(-stride),
            Qt.Key.Key_Right: lambda: self._move_crosshair(stride),
        }
        return acts.get(event.key())


def _ignoring_checked(act: Callable[[], object]) -> Callable[[bool], None]:
    """A slot for a menu entry, which always tells whether it is checked."""

    def slot(_checked: bool) -> None:
        act()

    return slot
