"""Runs that stand still and could go on: after a crash, a stop, or a pause that freed the device."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from engine.store import Run, RunStatus
from studio import theme
from studio.context import StudioContext
from studio.live.run_actions import Action
from studio.live.run_words import ending_words
from studio.pages.run_control import control
from studio.widgets.buttons import make_button
from studio.widgets.card import Card
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label, make_name_label
from studio.widgets.plain_text import shown
from studio.widgets.removal import retire

MOST = 4
DISMISSED = "home/dismissed"
_RESUMABLE = (RunStatus.STOPPED, RunStatus.FAILED, RunStatus.PAUSED, RunStatus.STARTING, RunStatus.RUNNING)


class ResumeCard(Card):
    """Offers the newest of them; what was dismissed is offered no more until it stops again.

    Args:
        context: Store, watch, preferences.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__("Unfinished runs", "resume_card", parent)
        self._context = context
        self._rows: list[QWidget] = []
        self._shown: list[tuple[object, ...]] = []

    def refresh(self) -> list[Run]:
        """Show the runs that can go on.

        Returns:
            What is offered.
        """
        dismissed = self._dismissed()
        offered = [
            run
            for run in sorted(self._context.watch.runs.values(), key=lambda run: -run.id)
            if run.is_resumable and run.status in _RESUMABLE and _mark(run) not in dismissed
        ][:MOST]
        shown_now: list[tuple[object, ...]] = [
            (run.id, run.status, run.resumes, run.name, ending_words(run)) for run in offered
        ]
        if shown_now == self._shown:
            return offered  # rows that are made anew would lose the focus of the keyboard
        self._shown = shown_now
        removed, self._rows = self._rows, [self._make_row(run) for run in offered]
        for row in self._rows:
            self.body.addWidget(row)
        retire(removed)
        return offered

    def dismiss(self, run: Run) -> None:
        """Offer this run no more, as it stands."""
        kept = [*sorted(self._dismissed())[-99:], _mark(run)]
        self._context.preferences.remember(DISMISSED, " ".join(kept))
        self.refresh()
        self.setVisible(bool(self._rows))

    def _dismissed(self) -> set[str]:
        return set(self._context.preferences.text(DISMISSED).split())

    def _make_row(self, run: Run) -> QWidget:
        row = QFrame()
        row.setObjectName(f"resume_row_{run.id}")
        row.setAccessibleName(shown(f"{run.name}: {ending_words(run)}"))
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 4, 0, 4)
        line.setSpacing(8)
        is_bad = run.is_lost or run.status is RunStatus.FAILED
        line.addWidget(
            IconLabel("warning" if is_bad else "pause", "Stands still", "warn" if is_bad else "muted")
        )
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(make_name_label(run.name, "resume_name"))
        words.addWidget(make_label(ending_words(run), "resume_words", "small", wraps=True))
        line.addLayout(words, 1)
        buttons = (
            make_button("Resume", f"resume_{run.id}", lambda: self._resume(run), icon="resume"),
            make_button("Open log", f"resume_log_{run.id}", lambda: self._open_log(run), icon="log"),
            make_button("Dismiss", f"resume_dismiss_{run.id}", lambda: self.dismiss(run), role="quiet"),
        )
        for button in buttons:
            button.setAccessibleName(shown(f"{button.text()}: {run.name}"))
            line.addWidget(button)
        theme.set_role(buttons[0], "")
        return row

    def _resume(self, run: Run) -> None:
        control(self._context, run.id, Action.RESUME)

    def _open_log(self, run: Run) -> None:
        self._context.navigate("run", {"run_id": run.id, "show": "log"})


def _mark(run: Run) -> str:
    """This ending of this run; when it goes on and ends again, that is another one."""
    return f"{run.id}:{run.resumes}:{run.status.value}"
