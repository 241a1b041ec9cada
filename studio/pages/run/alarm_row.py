"""One alarm: what is seen, what is likely behind it, and the way to a new run that turns the knob."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from engine.store import Event, Level
from studio import theme, wording
from studio.widgets.buttons import make_button
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label
from studio.widgets.plain_text import shown

OnKnob = Callable[[str, Any], None]
"""``on_knob(setting, value)``: the person wants a new run with this change; None as value: only to look at it."""


class AlarmRow(QFrame):
    """Shows an alarm or an error.

    Args:
        event: The alarm.
        on_knob: Called when the person takes the doctor's advice.
        parent: Qt owner.
    """

    def __init__(self, event: Event, on_knob: OnKnob, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._event = event
        self._is_error = event.level is Level.ERROR
        self.setObjectName(f"alarm_{event.id}")
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 8, 12, 8)
        line.setSpacing(8)
        self._icon = IconLabel("warning", "Alarm", "warn")
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._words = QVBoxLayout()
        self._words.setSpacing(2)
        line.addLayout(self._words, 1)
        self._words.addWidget(make_label(event.message, "alarm_message", wraps=True))
        self._since = make_label("", "alarm_since", "small")
        self._words.addWidget(self._since)
        self._add_reasons(on_knob)
        self.show_standing(is_standing=True)

    def show_standing(self, *, is_standing: bool) -> None:
        """Show whether the alarm still holds."""
        since = wording.ago(self._event.wall)
        place = since if self._event.step is None else f"step {wording.count(self._event.step)}, {since}"
        self._since.setText(place if is_standing else f"{place} · over")
        word = "Error" if self._is_error else "Alarm"
        if not is_standing:
            self._icon.show_icon("good", f"{word} that is over", "muted")
        elif self._is_error:
            self._icon.show_icon("error", word, "bad")
        else:
            self._icon.show_icon("warning", word, "warn")
        theme.set_role(self, ("note_bad" if self._is_error else "note_warn") if is_standing else "card")
        over = "" if is_standing else ", over"
        self.setAccessibleName(shown(f"{word}{over}: {self._event.message}"))

    def _add_reasons(self, on_knob: OnKnob) -> None:
        """What the doctor says beside the sentence; of others the detail as it is."""
        causes, knob = self._event.data.get("causes"), self._event.data.get("knob")
        if causes is None:
            if self._event.detail:
                self._words.addWidget(make_label(self._event.detail, "alarm_detail", "small", wraps=True))
            return
        if causes:
            self._words.addWidget(make_label("Likely causes", "alarm_causes_heading", "small"))
        for cause in causes:
            self._words.addWidget(make_label(f"• {cause}", "alarm_cause", wraps=True))
        if knob is None:
            return
        self._words.addWidget(make_label(knob["advice"], "alarm_advice", wraps=True))
        text = (
            "Open a new run at this setting" if knob["value"] is None else "Open a new run with this change"
        )
        button = make_button(
            text,
            f"alarm_knob_{self._event.id}",
            lambda: on_knob(knob["setting"], knob["value"]),
            icon="new",
            tip=f"Opens New run with this run's recipe, at {knob['setting']}.",
        )
        self._words.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
