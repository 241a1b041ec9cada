"""The learning rate over the whole run, as it will be."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.plan import Plan
from studio import theme
from studio.charts.curve_chart import CurveChart
from studio.charts.series import SeriesSource

HEIGHT = 210


@dataclass(frozen=True)
class PlannedRate:
    """Points of a schedule, in the shape that a chart draws.

    Args:
        steps: (N,) int64.
        values: (N,) learning rate at each step, float64.
        total: Steps of the run.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    total: int
    level: int = 0

    @property
    def low(self) -> NDArray[np.float64]:
        """The values: a plan has no spread."""
        return self.values

    @property
    def high(self) -> NDArray[np.float64]:
        """The values: a plan has no spread."""
        return self.values


def planned_rate(plan: Plan, first: int | None, last: int | None, max_points: int) -> PlannedRate:
    """Learning rates between two steps, at most so many of them.

    Args:
        plan: Length and schedule of the run.
        first: First step, None for the run's.
        last: Last step, None for the run's.
        max_points: Most points.
    """
    low, high = max(first or 0, 0), min(plan.total_steps if last is None else last, plan.total_steps)
    if high < low:
        return PlannedRate(np.zeros(0, np.int64), np.zeros(0), plan.total_steps)
    count = min(max_points, high - low + 1)
    steps = np.unique(np.linspace(low, high, count).round().astype(np.int64))
    values = np.array([plan.lr_at(step) for step in steps.tolist()], dtype=np.float64)
    return PlannedRate(steps, values, plan.total_steps)


class ScheduleChart(QWidget):
    """Draws the plan of a run; hidden while there is none.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("schedule")
        self._plan: Plan | None = None
        self.chart = CurveChart("Learning rate over the run", "", "schedule_chart", self)
        self.chart.setFixedHeight(HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.chart)
        self.hide()

    def show_plan(self, plan: Plan | None) -> None:
        """Draw another plan; nothing without one."""
        self.setVisible(plan is not None)
        if plan is None or plan == self._plan:
            return
        self._plan = plan

        def read(first: int | None, last: int | None, max_points: int) -> Any:
            return planned_rate(plan, first, last, max_points)

        self.chart.set_series([SeriesSource("lr", "learning rate", read, lambda: theme.series_color(0))])
