"""The charts of a run, with one smoothing slider and one pair of log switches for them all."""

import time
from collections import deque
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QScrollArea, QSlider, QVBoxLayout, QWidget
from typing_extensions import override

from engine.errors import StoreError
from engine.store import read_curve, series_summaries
from studio import theme
from studio.charts.curve_chart import CurveChart
from studio.charts.series import Points, Read, SeriesSource
from studio.context import StudioContext
from studio.pages.run.chart_plan import PlannedChart, chart_plan
from studio.widgets.empty_state import EmptyState
from studio.widgets.labels import make_label

# Drawing may take a twentieth of one core, so that a window that is open does not slow the training down.
REST_FACTOR = 20
TURN_MILLISECONDS = 15
CHART_HEIGHT, WIDE_HEIGHT = 240, 320
TWO_COLUMNS_WIDTH = 640
SMOOTHING = "run/smoothing"


class ChartsPanel(QWidget):
    """Plans, fills and refreshes the charts of one run; one chart a turn of the event loop.

    Args:
        context: Store and preferences.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._run_id: int | None = None
        self._plan: list[PlannedChart] = []
        self._charts: dict[str, CurveChart] = {}
        self._stale: deque[str] = deque()
        self._spent_seconds = 0.0
        self._columns = 2
        self._turn = QTimer(self)
        self._turn.setObjectName("charts_turn")
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._refresh_next)
        self.setObjectName("charts_panel")
        self.setAccessibleName("Charts")
        self._build()

    @property
    def charts(self) -> dict[str, CurveChart]:
        """The charts that are there, by object name."""
        return self._charts

    def show_run(self, run_id: int) -> None:
        """Show another run; its charts are planned anew."""
        self._run_id = run_id
        self._plan = []
        self._clear()
        self.refresh_soon()

    def refresh_soon(self) -> None:
        """Read what is new, as soon as the share of time that drawing may take allows it."""
        if self._run_id is None:
            return
        try:
            names = series_summaries(self._context.store, [self._run_id]).get(self._run_id, {})
        except StoreError:
            return  # the watch tells the trouble itself, and calls again when it is over
        plan = chart_plan(names)
        if plan != self._plan:
            self._lay_out(plan)
        self._empty.setVisible(not plan)
        self._area.setVisible(bool(plan))
        waiting = set(self._stale)
        self._stale.extend(key for key in self._charts if key not in waiting)
        if self._stale and not self._turn.isActive():
            rest = min(self._spent_seconds * REST_FACTOR, 5.0)
            self._spent_seconds = 0.0
            self._turn.start(max(round(rest * 1000), TURN_MILLISECONDS))

    def refresh_now(self) -> None:
        """Draw everything that is stale without rest, such as when the page opens."""
        self._spent_seconds = 0.0
        self._turn.stop()
        self.refresh_soon()

    def show_chart(self, key: str) -> None:
        """Scroll to a chart."""
        if key in self._charts:
            self._area.ensureWidgetVisible(self._charts[key])

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._build_tools())
        self._empty = EmptyState(
            "chart", "No points yet. The first ones come with the first steps.", "charts_empty"
        )
        column.addWidget(self._empty, 1)
        content = QWidget()
        content.setObjectName("scroll_content")
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 4, 8)
        self._grid.setSpacing(8)
        self._area = QScrollArea()
        self._area.setObjectName("charts_scroll")
        self._area.setAccessibleName("Charts")
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(content)
        self._area.verticalScrollBar().valueChanged.connect(lambda _value: self.refresh_soon())
        column.addWidget(self._area, 1)

    def _build_tools(self) -> QHBoxLayout:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setObjectName("smoothing")
        self.smoothing.setAccessibleName("Smoothing of all charts")
        self.smoothing.setToolTip(
            "How many steps each smoothed value averages over; the raw values stay behind it."
        )
        self.smoothing.setRange(0, 100)
        self.smoothing.setFixedWidth(140)
        self.smoothing.setValue(round(self._context.preferences.number(SMOOTHING, 0)))
        self.smoothing.valueChanged.connect(self._on_smoothing)
        self.log_y = _make_switch("Log values", "log_values", "L")
        self.log_x = _make_switch("Log steps", "log_steps", "Shift+L")
        self.log_y.toggled.connect(self._on_log)
        self.log_x.toggled.connect(self._on_log)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(make_label("Smoothing", "smoothing_label", "muted"))
        row.addWidget(self.smoothing)
        row.addSpacing(8)
        row.addWidget(self.log_y)
        row.addWidget(self.log_x)
        row.addStretch(1)
        return row

    def _clear(self) -> None:
        for chart in self._charts.values():
            chart.setParent(None)
            chart.deleteLater()
        self._charts = {}
        self._stale.clear()

    def _lay_out(self, plan: list[PlannedChart]) -> None:
        """Make the charts of a plan; a chart whose plan did not change keeps its zoom."""
        before = {planned.key: planned for planned in self._plan}
        self._plan = plan
        for key in set(self._charts) - {
            planned.key for planned in plan if planned == before.get(planned.key)
        }:
            chart = self._charts.pop(key)
            chart.setParent(None)
            chart.deleteLater()
        for planned in plan:
            if planned.key not in self._charts:
                self._charts[planned.key] = self._make_chart(planned)
        self._charts = {planned.key: self._charts[planned.key] for planned in plan}
        self._stale = deque(self._charts)
        self._arrange()

    def _arrange(self) -> None:
        """Two charts side by side where there is room, else one below the other."""
        self._columns = 2 if self.width() >= TWO_COLUMNS_WIDTH else 1
        row = column = 0
        for planned in self._plan:
            chart = self._charts[planned.key]
            if planned.is_wide or self._columns == 1:
                self._grid.addWidget(chart, row, 0, 1, self._columns)
                row, column = row + 1, 0
                continue
            self._grid.addWidget(chart, row, column)
            row, column = (row + 1, 0) if column else (row, 1)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, self._columns - 1)

    def _make_chart(self, planned: PlannedChart) -> CurveChart:
        chart = CurveChart(planned.title, planned.unit, planned.key)
        chart.setFixedHeight(WIDE_HEIGHT if planned.is_wide else CHART_HEIGHT)
        chart.set_smoothing(self.smoothing.value())
        chart.set_log(x=self.log_x.isChecked(), y=self.log_y.isChecked())
        chart.set_series(self._sources(planned))
        return chart

    def _sources(self, planned: PlannedChart) -> list[SeriesSource]:
        run_id = self._run_id
        assert run_id is not None
        is_alone = len(planned.series) == 1

        def color_of(number: int) -> QColor:
            return theme.run_color(run_id) if is_alone else theme.series_color(number)

        return [
            SeriesSource(
                one.name, one.title, self._reader(run_id, one.name), partial(color_of, number), one.scale
            )
            for number, one in enumerate(planned.series)
        ]

    def _reader(self, run_id: int, name: str) -> Read:
        def read(first: int | None, last: int | None, max_points: int) -> Points:
            return read_curve(
                self._context.store, run_id, name, first=first, last=last, max_points=max_points
            )

        return read

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (self.width() >= TWO_COLUMNS_WIDTH) != (self._columns == 2):
            self._arrange()

    def _refresh_next(self) -> None:
        """Draw one stale chart that is on screen; those scrolled away wait until they are."""
        while self._stale:
            key = self._stale.popleft()
            chart = self._charts.get(key)
            if chart is None or chart.visibleRegion().isEmpty():
                continue
            started = time.perf_counter()
            try:
                chart.refresh()
            except StoreError:
                return  # the watch tells the trouble itself, and calls again when it is over
            self._spent_seconds += time.perf_counter() - started
            self._turn.start(TURN_MILLISECONDS)
            return

    def _on_smoothing(self, position: int) -> None:
        self._context.preferences.remember(SMOOTHING, position)
        for chart in self._charts.values():
            chart.set_smoothing(position)

    def _on_log(self, _checked: bool) -> None:
        for chart in self._charts.values():
            chart.set_log(x=self.log_x.isChecked(), y=self.log_y.isChecked())


def _make_switch(text: str, name: str, key: str) -> QCheckBox:
    switch = QCheckBox(text)
    switch.setObjectName(name)
    switch.setAccessibleName(f"{text} in all charts")
    switch.setToolTip(f"Logarithmic axis in all charts; {key} switches a single one.")
    return switch
