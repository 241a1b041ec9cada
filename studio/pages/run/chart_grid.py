"""The charts of a run in two columns: made one at a time, and kept for the next run that has the same ones."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget
from typing_extensions import override

from engine.store import SeriesSummary, Store, read_curve
from studio import theme
from studio.charts.curve_chart import CurveChart
from studio.charts.series import Points, Read, SeriesSource
from studio.pages.run.chart_plan import PlannedChart, positions
from studio.widgets.removal import retire

CHART_HEIGHT, WIDE_HEIGHT = 240, 320
TWO_COLUMNS_WIDTH = 640


class ChartGrid(QWidget):
    """Holds the charts of a plan. ``fill`` does the work for one of them, so that the window answers in between.

    Args:
        store: Where the curves are read.
        parent: Qt owner.
    """

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._run_id = 0
        self._plan: dict[str, PlannedChart] = {}
        self._charts: dict[str, CurveChart] = {}
        self._filled_for: dict[str, int] = {}
        self._last: dict[str, tuple[int, float | None]] = {}
        self._columns = 2
        self._smoothing = 0
        self._log = (False, False)
        self.setObjectName("scroll_content")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 4, 8)
        self._grid.setSpacing(8)

    @property
    def charts(self) -> dict[str, CurveChart]:
        """The charts of the run that is shown, by object name; those not made yet are missing."""
        return {key: chart for key, chart in self._charts.items() if self._is_filled(key)}

    @property
    def plan(self) -> list[PlannedChart]:
        """What is to be shown, from top to bottom."""
        return list(self._plan.values())

    def show_plan(self, run_id: int, plan: list[PlannedChart]) -> None:
        """Take over a plan; charts that fit it are kept, and hidden while they show another run.

        Args:
            run_id: Whose curves.
            plan: The charts from top to bottom.
        """
        before, wanted = self._plan, {planned.key: planned for planned in plan}
        unfit = [key for key in self._charts if wanted.get(key) != before.get(key)]
        # The new state stands before anything leaves the screen: that moves the focus, which may ask for a plan again.
        removed = [self._charts.pop(key) for key in unfit]
        self._run_id, self._plan = run_id, wanted
        for key in unfit:
            self._filled_for.pop(key, None)
        retire(removed)
        for key, chart in list(self._charts.items()):
            chart.setVisible(self._is_filled(key))
        self._arrange()

    def show_last(self, series: Mapping[str, SeriesSummary]) -> None:
        """Say the newest values in the legends, before the curves follow."""
        self._last = {name: (one.last_step, one.last_value) for name, one in series.items()}
        for chart in self.charts.values():
            chart.show_last(self._last)

    def needs(self, key: str) -> bool:
        """Whether a chart has to be drawn: it shows nothing of this run yet, or it is on screen."""
        if key not in self._plan:
            return False
        return not self._is_filled(key) or not self._charts[key].visibleRegion().isEmpty()

    def fill(self, key: str) -> None:
        """Make a chart, or give it the curves of this run, or read what is new.

        Raises:
            StoreError: The curves cannot be read.
        """
        if self._is_filled(key):
            self._charts[key].refresh()
            return
        planned = self._plan[key]
        chart = self._charts.get(key)
        if chart is None:
            chart = self._charts[key] = self._make_chart(planned)
        chart.set_series(self._sources(planned))
        chart.show_last(self._last)
        self._filled_for[key] = self._run_id
        self._arrange()
        chart.show()

    def set_smoothing(self, position: int) -> None:
        """Smooth all charts, those to come too."""
        self._smoothing = position
        for chart in self._charts.values():
            chart.set_smoothing(position)

    def set_log(self, *, x: bool, y: bool) -> None:
        """Make the axes of all charts logarithmic or linear, of those to come too."""
        self._log = (x, y)
        for chart in self._charts.values():
            chart.set_log(x=x, y=y)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (self.width() >= TWO_COLUMNS_WIDTH) != (self._columns == 2):
            self._arrange()

    def _is_filled(self, key: str) -> bool:
        return key in self._charts and self._filled_for.get(key) == self._run_id

    def _arrange(self) -> None:
        """Two charts side by side where there is room, else one below the other."""
        self._columns = 2 if self.width() >= TWO_COLUMNS_WIDTH else 1
        for key, place in positions(self.plan, self._columns).items():
            if key in self._charts:
                self._grid.addWidget(self._charts[key], place.row, place.column, 1, place.span)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, self._columns - 1)

    def _make_chart(self, planned: PlannedChart) -> CurveChart:
        chart = CurveChart(planned.title, planned.unit, planned.key, self)
        chart.setFixedHeight(WIDE_HEIGHT if planned.is_wide else CHART_HEIGHT)
        chart.set_smoothing(self._smoothing)
        chart.set_log(x=self._log[0], y=self._log[1])
        return chart

    def _sources(self, planned: PlannedChart) -> list[SeriesSource]:
        run_id = self._run_id
        is_alone = len(planned.series) == 1

        def color_of(number: int) -> QColor:
            return theme.run_color(run_id) if is_alone else theme.series_color(number)

        return [
            SeriesSource(
                one.name,
                one.title,
                self._reader(run_id, one.name),
                partial(color_of, number),
                one.scale,
                one.smooths,
            )
            for number, one in enumerate(planned.series)
        ]

    def _reader(self, run_id: int, name: str) -> Read:
        def read(first: int | None, last: int | None, max_points: int) -> Points:
            return read_curve(self._store, run_id, name, first=first, last=last, max_points=max_points)

        return read
