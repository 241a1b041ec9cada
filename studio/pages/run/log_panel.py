"""The log of a run, with a filter by level and one by text."""

import time
from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from engine.store import Event, Level
from studio import theme, wording
from studio.widgets.plain_text import shown_lines

MOST_LINES = 5000
_LEVELS = {
    "All lines": frozenset(Level),
    "Warnings and alarms": frozenset({Level.WARNING, Level.ALARM, Level.ERROR}),
    "Alarms and errors": frozenset({Level.ALARM, Level.ERROR}),
}


def line_of(event: Event) -> str:
    """One event as a line of the log; its detail follows indented."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.wall))
    level = "" if event.level is Level.INFO else f"{event.level.value.upper()}  "
    step = "" if event.step is None else f"  (step {wording.count(event.step)})"
    detail = "".join(f"\n          {line}" for line in event.detail.splitlines())
    return f"{clock}  {level}{event.message}{step}{detail}"


class LogPanel(QWidget):
    """Shows the events of one run, newest below.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._events: list[Event] = []
        self.setObjectName("log_panel")
        self.setAccessibleName("Log")
        self.level = QComboBox()
        self.level.setObjectName("log_level")
        self.level.setAccessibleName("Which lines")
        self.level.addItems(list(_LEVELS))
        self.level.currentIndexChanged.connect(lambda _index: self._show())
        self.filter = QLineEdit()
        self.filter.setObjectName("log_filter")
        self.filter.setAccessibleName("Filter the log")
        self.filter.setPlaceholderText("Filter")
        self.filter.setClearButtonEnabled(True)
        self.filter.addAction(theme.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.filter.textChanged.connect(lambda _text: self._show())
        self.text = QPlainTextEdit()
        self.text.setObjectName("log_text")
        self.text.setAccessibleName("Log")
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(MOST_LINES)
        self.text.setTabChangesFocus(True)
        theme.set_role(self.text, "mono")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.level)
        row.addWidget(self.filter, 1)
        column.addLayout(row)
        column.addWidget(self.text, 1)

    def show_events(self, events: Sequence[Event]) -> None:
        """Show the log of another run, oldest event first."""
        self._events = list(events)
        self._show()

    def add(self, events: Sequence[Event]) -> None:
        """Add what is new of the run that is shown."""
        known = self._events[-1].id if self._events else 0
        fresh = [event for event in events if event.id > known]
        self._events.extend(fresh)
        for event in fresh:
            if self._is_wanted(event):
                self.text.appendPlainText(shown_lines(line_of(event)))

    def _is_wanted(self, event: Event) -> bool:
        words = self.filter.text().strip().lower()
        return event.level in _LEVELS[self.level.currentText()] and words in line_of(event).lower()

    def _show(self) -> None:
        wanted = [shown_lines(line_of(event)) for event in self._events if self._is_wanted(event)]
        nothing = "No line of the log fits the filter." if self._events else "Nothing has been logged yet."
        self.text.setPlaceholderText(nothing)
        self.text.setPlainText("\n".join(wanted[-MOST_LINES:]))
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())
