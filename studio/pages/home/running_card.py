"""The card of a run that trains: how far, how long still, the last values, pause and stop."""

from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from engine.store import Run, SeriesSummary, read_curve, series_summaries
from studio.charts.sparkline import Sparkline
from studio.context import StudioContext
from studio.live.engine_words import progress_words
from studio.live.last_values import as_of_newest_point, headline_values
from studio.live.run_actions import Action, possible
from studio.live.run_words import where_words
from studio.pages.run_control import control
from studio.widgets.buttons import make_button
from studio.widgets.card import Card
from studio.widgets.labels import make_label
from studio.widgets.run_badge import RunBadge
from studio.widgets.tile_row import TileRow

SPARK_POINTS = 240


class RunningCard(Card):
    """Follows one run as long as a worker holds it.

    Args:
        context: Store, watch, navigation.
        run: The run as last read.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(run.name, f"running_card_{run.id}", parent)
        self._context = context
        self._run = run
        self._series: dict[str, SeriesSummary] = {}
        self.badge = RunBadge()
        self.heading_row.addWidget(self.badge)
        self.bar = QProgressBar()
        self.bar.setObjectName("running_progress")
        self.bar.setAccessibleName("Progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.body.addWidget(self.bar)
        self.words = make_label("", "running_words", "muted", wraps=True)
        self.body.addWidget(self.words)
        middle = QHBoxLayout()
        middle.setSpacing(24)
        self.tiles = TileRow("running")
        middle.addWidget(self.tiles)
        self.spark = Sparkline("Loss")
        middle.addWidget(self.spark, 1)
        self.body.addLayout(middle)
        self.body.addLayout(self._build_buttons())
        self.show_run(run)
        self.show_metrics()

    def show_run(self, run: Run) -> None:
        """Show the run's row."""
        self._run = run
        run = as_of_newest_point(run, self._series)
        self.heading.setText(run.name)
        self.badge.show_run(run)
        self.bar.setValue(round(1000 * run.share))
        progress = progress_words(run, self._context.watch.time_left(run.id))
        where = where_words(run)
        self.words.setText(" · ".join(part for part in (progress, where) if part))
        self.bar.setAccessibleDescription(progress)
        allowed = possible(run)
        resumes = Action.RESUME in allowed
        self.pause.setVisible(not resumes)
        self.resume.setVisible(resumes)
        self.pause.setEnabled(Action.PAUSE in allowed)
        self.stop.setEnabled(Action.STOP in allowed or Action.STOP_NOW in allowed)

    @property
    def series(self) -> Mapping[str, SeriesSummary]:
        """The run's series by name, as last read."""
        return self._series

    def show_metrics(self) -> None:
        """Read the last values and the course of the loss."""
        summaries = series_summaries(self._context.store, [self._run.id]).get(self._run.id, {})
        self._series = dict(summaries)
        self.tiles.show_values(headline_values(summaries))
        self.show_run(self._run)
        if "loss" in summaries:
            curve = read_curve(self._context.store, self._run.id, "loss", max_points=SPARK_POINTS)
            self.spark.show_values(curve.values, self._run.id)

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.pause = make_button("Pause", "running_pause", lambda: self._act(Action.PAUSE), icon="pause")
        self.resume = make_button("Resume", "running_resume", lambda: self._act(Action.RESUME), icon="resume")
        self.stop = make_button(
            "Stop and save",
            "running_stop",
            self._stop,
            icon="stop",
            tip="Saves a checkpoint and ends the run; it can be resumed later.",
        )
        opened = make_button("Open", "running_open", self._open, icon="chart", tip="Curves, log and details")
        for button in (self.pause, self.resume, self.stop):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(opened)
        return row

    def _stop(self) -> None:
        self._act(Action.STOP if Action.STOP in possible(self._run) else Action.STOP_NOW)

    def _act(self, action: Action) -> None:
        control(self._context, self._run.id, action)

    def _open(self) -> None:
        self._context.navigate("run", {"run_id": self._run.id})
