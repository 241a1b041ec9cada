"""The head of the Run page: state, progress, the last values, and what went wrong with the way out."""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QWidget

from engine.store import Run, RunStatus, SeriesSummary
from studio import theme, wording
from studio.context import StudioContext
from studio.live.engine_words import progress_words
from studio.live.last_values import as_of_newest_point, headline_values
from studio.live.run_actions import Action
from studio.live.run_words import took_words, where_words
from studio.widgets.buttons import make_button
from studio.widgets.card import Card
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label
from studio.widgets.plain_text import shown
from studio.widgets.run_badge import RunBadge
from studio.widgets.tile_row import TileRow


class HeaderCard(Card):
    """Shows one run's row.

    Args:
        context: Store and watch.
        on_action: Called with what the person wants.
        parent: Qt owner.
    """

    def __init__(
        self, context: StudioContext, on_action: Callable[[Action], None], parent: QWidget | None = None
    ) -> None:
        super().__init__("Run", "run_header", parent)
        self._context = context
        self._run: Run | None = None
        self._series: Mapping[str, SeriesSummary] = {}
        self.badge = RunBadge()
        self.heading_row.insertWidget(1, self.badge)
        self.tiles = TileRow("run")
        self.heading_row.addWidget(self.tiles)
        self.bar = QProgressBar()
        self.bar.setObjectName("run_progress")
        self.bar.setAccessibleName("Progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.body.addWidget(self.bar)
        self.words = make_label("", "run_words", "muted", wraps=True)
        self.body.addWidget(self.words)
        self.asked = make_label("", "run_asked", "small", wraps=True)
        self.asked.hide()
        self.body.addWidget(self.asked)
        self.note = ErrorNote(on_action)
        self.note.hide()
        self.body.addWidget(self.note)

    def show_run(self, run: Run) -> None:
        """Show the row."""
        self._run = run
        run = as_of_newest_point(run, self._series)
        self.heading.setText(run.name)
        self.setAccessibleName(f"Run {shown(run.name)}")
        self.badge.show_run(run)
        self.bar.setValue(round(1000 * run.share))
        self.words.setText(_words(run, self._context.watch.time_left(run.id)))
        self.note.show_run(run)

    def show_series(self, series: Mapping[str, SeriesSummary]) -> None:
        """Show the last values; the row is shown as of the newest of them, which a worker writes more often."""
        self._series = series
        self.tiles.show_values(headline_values(series))
        if self._run is not None:
            self.show_run(self._run)

    def say_asked(self, sentence: str) -> None:
        """Say what was asked of the worker until the row shows it; empty when it does."""
        self.asked.setText(sentence)
        self.asked.setVisible(bool(sentence))


class ErrorNote(QFrame):
    """What went wrong, what to do, and a button that does it.

    Args:
        on_action: Called with what the person wants.
        parent: Qt owner.
    """

    def __init__(self, on_action: Callable[[Action], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run_error")
        self.setAccessibleName("Problem")
        theme.set_role(self, "note_bad")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(IconLabel("error", "Problem", "bad"))
        self.words = make_label("", "run_error_words", wraps=True)
        row.addWidget(self.words, 1)
        self.resume = make_button(
            "Resume", "run_error_resume", lambda: on_action(Action.RESUME), icon="resume"
        )
        row.addWidget(self.resume)

    def show_run(self, run: Run) -> None:
        """Show the problem of a run; hides when there is none."""
        sentence = problem_words(run)
        self.setVisible(bool(sentence))
        self.words.setText(sentence)
        self.setAccessibleName(f"Problem: {shown(sentence)}" if sentence else "No problem")


def problem_words(run: Run) -> str:
    """What is wrong with a run, and what to do; empty when nothing is."""
    if run.is_lost:
        since = wording.ago(run.heartbeat_at or run.created_at)
        return (
            f"The worker gave its last sign of life {since}: it ended, or this computer slept. "
            "Resume goes on from the last checkpoint."
        )
    if run.status is RunStatus.FAILED:
        return f"{run.error or 'The run ended unexpectedly.'} {run.error_fix}".strip()
    return ""


def _words(run: Run, seconds_left: float | None) -> str:
    parts = [progress_words(run, seconds_left)] if run.is_active else []
    if run.status is RunStatus.QUEUED:
        parts.append(f"queued {wording.ago(run.queued_at)}" if run.queued_at else "queued")
    parts.append(where_words(run))
    if run.finished_at is not None and run.started_at is not None:
        parts.append(f"took {took_words(run, run.finished_at)}")
    elif run.started_at is not None and run.is_active:
        parts.append(f"started {wording.ago(run.started_at)}")
    return " · ".join(part for part in parts if part)
