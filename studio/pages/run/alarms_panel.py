"""The alarms of a run: what, since when, and what is likely behind it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.store import Event, Level, events_after
from studio import theme, wording
from studio.context import StudioContext
from studio.widgets.empty_state import EmptyState
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label

ALARMING = (Level.ALARM, Level.ERROR)
MOST = 100


class AlarmsPanel(QWidget):
    """Lists alarms and errors, newest first.

    Args:
        context: The store.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._alarms: list[Event] = []
        self._rows: list[QWidget] = []
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
        """How many alarms are shown."""
        return len(self._alarms)

    def show_run(self, run_id: int) -> None:
        """Read the alarms of another run."""
        self._alarms = []
        for row in self._rows:
            row.setParent(None)
            row.deleteLater()
        self._rows = []
        last = 0
        while batch := events_after(self._context.store, last, run_id=run_id, limit=5000):
            last = batch[-1].id
            self.add(batch)
        self._show_emptiness()

    def add(self, events: list[Event]) -> None:
        """Add what is new of the run that is shown."""
        known = self._alarms[-1].id if self._alarms else 0
        for event in events:
            if event.level in ALARMING and event.id > known:
                self._alarms.append(event)
                row = _make_row(event)
                self._rows.append(row)
                self._list.insertWidget(0, row)
        while len(self._rows) > MOST:
            oldest = self._rows.pop(0)
            oldest.setParent(None)
            oldest.deleteLater()
        self._show_emptiness()

    def _show_emptiness(self) -> None:
        self._empty.setVisible(not self._alarms)
        self._area.setVisible(bool(self._alarms))


def _make_row(event: Event) -> QWidget:
    is_error = event.level is Level.ERROR
    row = QFrame()
    row.setObjectName(f"alarm_{event.id}")
    row.setAccessibleName(f"{event.level.value.capitalize()}: {event.message}")
    theme.set_role(row, "note_bad" if is_error else "note_warn")
    line = QHBoxLayout(row)
    line.setContentsMargins(12, 8, 12, 8)
    line.setSpacing(8)
    word = "Error" if is_error else "Alarm"
    icon = IconLabel("error" if is_error else "warning", word, "bad" if is_error else "warn")
    line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(make_label(event.message, "alarm_message", wraps=True))
    since = wording.ago(event.wall)
    place = since if event.step is None else f"step {wording.count(event.step)}, {since}"
    words.addWidget(make_label(place, "alarm_since", "small"))
    if event.detail:
        words.addWidget(make_label(event.detail, "alarm_detail", "small", wraps=True))
    line.addLayout(words, 1)
    return row
