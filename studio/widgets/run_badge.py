"""The state of a run: an icon and a word."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.store import Run
from studio import theme
from studio.live.run_words import state_words
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label


class RunBadge(QWidget):
    """Shows what a run does; the colour only repeats the word.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run_badge")
        self.setAccessibleName("State: unknown")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._icon = IconLabel("clock", "State")
        self._word = make_label("", "run_badge_word")
        row.addWidget(self._icon)
        row.addWidget(self._word)

    @property
    def text(self) -> str:
        """The word that is shown."""
        return self._word.text()

    def show_run(self, run: Run) -> None:
        """Show the state of a run."""
        state = state_words(run)
        if self._word.text() == state.word:
            return
        self._icon.show_icon(state.icon, state.word, state.token)
        self._word.setText(state.word)
        theme.set_role(self._word, state.token if state.token in ("good", "warn", "bad", "muted") else "")
        self.setAccessibleName(f"State: {state.word}")
