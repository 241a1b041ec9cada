"""The charts of a run, with one smoothing slider and one pair of log switches for them all."""

import time
from collections import deque

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QSlider, QVBoxLayout, QWidget

from engine.errors import StoreError
from engine.store import Run
from studio.charts.curve_chart import CurveChart
from studio.context import StudioContext
from studio.pages.run.chart_grid import ChartGrid
from studio.pages.run.chart_plan import chart_plan
from studio.pages.run.no_points import no_points_words
from studio.pages.run.run_read import Series
from studio.widgets.empty_state import EmptyState
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip

# Drawing may take a twentieth of one core, so that a window that is open does not slow the training down; what Qt
# paints afterwards costs about as much as what is timed here.
REST_FACTOR = 40
MOST_REST_SECONDS = 5.0
TURN_MILLISECONDS = 15
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
        self._run_id = self._planned_run_id = 0
        self._stale: deque[str] = deque()
        self._spent_seconds = 0.0
        self._sought = ""
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
        return self._grid.charts

    def show_run(self, run: Run, series: Series) -> None:
        """Show a run; every chart of it is drawn at once, such as when the page opens.

        Args:
            run: Its row.
            series: What is known of each of its series.
        """
        self._stale.clear()
        self._run_id = run.id
        self.follow_run(run)
        self._take(series)
        self.refresh_now()

    def follow_run(self, run: Run) -> None:
        """Follow the row of the run that is shown: it decides why there are no points."""
        self._empty.say(no_points_words(run))

    def follow_series(self, series: Series) -> None:
        """Say the new last values at once, and draw them as soon as the share of time that drawing may take allows."""
        self._take(series)
        self._mark_stale()
        if self._stale and not self._turn.isActive():
            rest = min(self._spent_seconds * REST_FACTOR, MOST_REST_SECONDS)
            self._spent_seconds = 0.0
            self._turn.start(max(round(rest * 1000), TURN_MILLISECONDS))

    def refresh_now(self) -> None:
        """Draw everything that is stale without rest; asks nothing of the store before the next turn."""
        self._spent_seconds = 0.0
        self._mark_stale()
        if self._stale:
            self._turn.start(TURN_MILLISECONDS)

    def show_chart(self, key: str) -> None:
        """Scroll to a chart, as soon as it is made."""
        self._sought = key
        if key in self.charts:
            self._sought = ""
            self._area.ensureWidgetVisible(self.charts[key])

    def _take(self, series: Series) -> None:
        """Plan by the names of the series that the run has now, and say their last values."""
        plan = chart_plan(series)
        if plan != self._grid.plan or self._run_id != self._planned_run_id:
            self._planned_run_id = self._run_id
            self._grid.show_plan(self._run_id, plan)
            self._empty.setVisible(not plan)
            self._area.setVisible(bool(plan))
        self._grid.show_last(series)

    def _mark_stale(self) -> None:
        waiting = set(self._stale)
        self._stale.extend(planned.key for planned in self._grid.plan if planned.key not in waiting)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._build_tools())
        self._empty = EmptyState("chart", "", "charts_empty")
        column.addWidget(self._empty, 1)
        self._grid = ChartGrid(self._context.store)
        self._grid.set_smoothing(self.smoothing.value())
        self._area = QScrollArea()
        self._area.setObjectName("charts_scroll")
        self._area.setAccessibleName("Charts")
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._grid)
        self._area.verticalScrollBar().valueChanged.connect(lambda _value: self.refresh_now())
        column.addWidget(self._area, 1)

    def _build_tools(self) -> QHBoxLayout:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setObjectName("smoothing")
        self.smoothing.setAccessibleName("Smoothing of all charts")
        set_tip(
            self.smoothing, "How many steps each smoothed value averages over; the raw values stay behind it."
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

    def _refresh_next(self) -> None:
        """Draw one stale chart; those scrolled away wait until they are on screen."""
        while self._stale:
            key = self._stale.popleft()
            if not self._grid.needs(key):
                continue
            started = time.perf_counter()
            try:
                self._grid.fill(key)
            except StoreError:
                self._stale.clear()
                return  # the watch tells the trouble itself, and calls again when it is over
            self._spent_seconds += time.perf_counter() - started
            self._turn.start(TURN_MILLISECONDS)
            break
        if not self._stale and self._sought:
            self.show_chart(self._sought)

    def _on_smoothing(self, position: int) -> None:
        self._context.preferences.remember(SMOOTHING, position)
        self._grid.set_smoothing(position)

    def _on_log(self, _checked: bool) -> None:
        self._grid.set_log(x=self.log_x.isChecked(), y=self.log_y.isChecked())


def _make_switch(text: str, name: str, key: str) -> QCheckBox:
    switch = QCheckBox(text)
    switch.setObjectName(name)
    switch.setAccessibleName(f"{text} in all charts")
    set_tip(switch, f"Logarithmic axis in all charts; {key} switches a single one.")
    return switch
