"""The learning rate over the whole run, as it will be, and below it what else the method schedules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.plan import Plan
from studio import theme
from studio.charts.curve_chart import CurveChart
from studio.charts.series import SeriesSource
from studio.widgets.removal import retire

HEIGHT = 210
SMALL_HEIGHT = 150
WIDE_RANGE = 1000  # largest over smallest value from which on only a logarithm shows both


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


def planned_curve(
    steps: list[int], values: list[float], first: int | None, last: int | None, max_points: int
) -> PlannedRate:
    """The sampled points of a curve between two steps, at most so many of them.

    Args:
        steps: Sampled steps, growing.
        values: Value at each.
        first: First step, None for the run's.
        last: Last step, None for the run's.
        max_points: Most points.
    """
    at, height = np.array(steps, dtype=np.int64), np.array(values, dtype=np.float64)
    inside = np.flatnonzero((at >= (first or 0)) & (at <= (at[-1] if last is None else last)))
    if len(inside) > max_points:
        inside = inside[np.unique(np.linspace(0, len(inside) - 1, max_points).round().astype(np.int64))]
    return PlannedRate(at[inside], height[inside], len(at))


class ScheduleChart(QWidget):
    """Draws the plan of a run, and small below it the curves of the method; hidden while there is no plan.

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
        layout.setSpacing(8)
        layout.addWidget(self.chart)
        self.small: dict[str, CurveChart] = {}
        self.hide()

    def show_plan(self, plan: Plan | None) -> None:
        """Draw another plan; nothing without one."""
        self.setVisible(plan is not None)
        if plan is None or plan == self._plan:
            return
        self._plan = plan

        def read(first: int | None, last: int | None, max_points: int) -> Any:
            return planned_rate(plan, first, last, max_points)

        self.chart.set_series(
            [SeriesSource("lr", "learning rate", read, lambda: theme.series_color(0), smooths=False)]
        )

    def show_curves(self, curves: Mapping[str, Any]) -> None:
        """Draw what the method schedules beside the rate, each curve by itself; nothing for an empty mapping.

        Args:
            curves: "steps" -> sampled steps, "values" -> name -> value at each step.
        """
        values: Mapping[str, list[float]] = curves.get("values", {})
        retire([self.small.pop(name) for name in list(self.small) if name not in values])
        for name, points in values.items():
            self._show_small(name, list(curves["steps"]), points)

    def _show_small(self, name: str, steps: list[int], values: list[float]) -> None:
        words = name.replace("_", " ")
        if name not in self.small:
            chart = CurveChart(words.capitalize(), "", f"schedule_chart.{name}", self)
            chart.setFixedHeight(SMALL_HEIGHT)
            self.small[name] = chart
            layout = self.layout()
            if layout is not None:
                layout.addWidget(chart)

        def read(first: int | None, last: int | None, max_points: int) -> Any:
            return planned_curve(steps, values, first, last, max_points)

        self.small[name].set_log(y=min(values) > 0 and max(values) > WIDE_RANGE * min(values))
        self.small[name].set_series(
            [SeriesSource(name, words, read, lambda: theme.series_color(0), smooths=False)]
        )
