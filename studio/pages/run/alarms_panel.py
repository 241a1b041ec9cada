"""The alarms of a run: what, since when, and what is likely behind it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from engine.store import Event, Run
from engine.store.standing_alarms import ALARMING, matters, standing_alarms
from studio.context import StudioContext
from studio.pages.run.alarm_row import AlarmRow
from studio.widgets.empty_state import EmptyState
from studio.widgets.removal import retire

MOST = 100


class AlarmsPanel(QWidget):
    """Lists alarms and errors, newest first.

    Args:
        context: Navigation.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._run: Run | None = None
        self._events: list[Event] = []
        self._rows: dict[int, AlarmRow] = {}
        self.setObjectName("alarms_panel")
        self.setAccessibleName("Alarms")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        sentence = "No alarms. Losses that are not finite, collapse and starving for data would be told here."
        self._empty = EmptyState("good", sentence, "alarms_empty")
        column.addWidget(self._empty, 1)
        content = QWidget()
        content.setObjectName("scroll_content")
        self._list = QVBoxLayout(content)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(8)
        self._list.addStretch(1)
        self._area = QScrollArea()
        self._area.setObjectName("alarms_scroll")
        self._area.setAccessibleName("Alarms")
        self._area.setWidgetResizable(True)
        self._area.setWidget(content)
        column.addWidget(self._area, 1)

    @property
    def number(self) -> int:
        """How many alarms still hold; what is over is listed but not counted."""
        return len(self._standing())

    def show_run(self, run: Run, events: Sequence[Event]) -> None:
        """Show a run.

        Args:
            run: Its row.
            events: Everything that was said of it so far.
        """
        removed, self._rows, self._events = self._rows, {}, []
        self._run = run
        self.add(events)
        retire(removed.values())

    def follow_run(self, run: Run) -> None:
        """Follow the row of the run that is shown: started again, the errors of the attempt before are over."""
        self._run = run
        self._show_state()

    def add(self, events: Sequence[Event]) -> None:
        """Add what is new of the run that is shown."""
        known = self._events[-1].id if self._events else 0
        for event in events:
            if event.id <= known or not matters(event):
                continue
            self._events.append(event)
            if event.level in ALARMING:
                row = AlarmRow(event, self._open_new_run)
                self._rows[event.id] = row
                self._list.insertWidget(0, row)
        surplus = list(self._rows)[: max(len(self._rows) - MOST, 0)]
        removed = [self._rows.pop(number) for number in surplus]
        self._show_state()
        retire(removed)

    def _standing(self) -> dict[int, Event]:
        return standing_alarms(self._events, self._run) if self._run is not None else {}

    def _open_new_run(self, setting: str, value: Any) -> None:
        """Go to New run with this run's recipe, the setting turned and in view."""
        if self._run is None:
            return
        arguments: dict[str, object] = {"run_id": self._run.id, "field": setting}
        if value is not None:
            arguments["changes"] = {setting: value}
        self._context.navigate("new_run", arguments)

    def _show_state(self) -> None:
        standing = self._standing()
        for number, row in self._rows.items():
            row.show_standing(is_standing=number in standing)
        self._empty.setVisible(not self._rows)
        self._area.setVisible(bool(self._rows))
