"""One field of a form: label, editor, unit, reset, and below them one line that says what matters now.

That line is, in this order: what is wrong with the value, what it was changed from, or where the default comes from.
"""

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QSpacerItem, QToolButton, QWidget
from superqt import QElidingLabel
from typing_extensions import override

from engine.declared import FieldEntry
from studio.forms.editors import Options, make_editor
from studio.forms.numbers import write_number
from studio.theme import icon, set_role

SETTLE_MILLISECONDS = 250


class FieldRow(QWidget):
    """A labelled editor that knows its default, its source and its problems.

    Args:
        field: What is edited.
        options: Value -> label where the surroundings know what can be chosen.
        parent: Qt owner.
    """

    edited = Signal()
    settled = Signal()

    def __init__(
        self, field: FieldEntry, options: Options | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field = field
        self.setObjectName(f"row.{field.path}")
        self._base: Any = field.default
        self._source = field.source
        self._problem = ("", "")
        self.editor = make_editor(field, options, self)
        self._make_parts()
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MILLISECONDS)
        self._timer.timeout.connect(self._on_settled)
        self.editor.set_value(field.default)
        self.editor.changed.connect(self._on_edited)
        self._show_state()

    def value(self) -> Any:
        """Return the value, or raise ``ValueError`` with a sentence."""
        return self.editor.value()

    def set_value(self, value: Any) -> None:
        """Show a value and say at once what there is to say about it."""
        self.editor.set_value(value)
        self._problem = ("", "")
        self._timer.stop()
        self._show_state()

    def set_base(self, value: Any, source: str) -> None:
        """Set what counts as unchanged, such as a preset's value, and where it comes from."""
        if (self._base, self._source) != (value, source):
            self._base, self._source = value, source
            self._show_state()

    def reset(self) -> None:
        """Go back to the unchanged value."""
        if self.is_changed:
            self.set_value(self._base)

    @property
    def base(self) -> Any:
        """The value that counts as unchanged."""
        return self._base

    @property
    def is_changed(self) -> bool:
        """True when the value is not the default or the preset's."""
        try:
            return bool(self.value() != self._base)
        except ValueError:
            return True

    @property
    def error(self) -> str:
        """What is wrong with the text in the editor itself; empty when it is a value within bounds."""
        try:
            self.value()
        except ValueError as error:
            return str(error)
        return ""

    @property
    def note_text(self) -> str:
        """The line below the editor, whole."""
        return self._complaint.text() or str(self._origin.text())

    def set_problem(self, message: str, level: str = "") -> None:
        """Say what a check of the whole recipe found here; an empty message clears it."""
        if self._problem != (message, level):
            self._problem = (message, level)
            self._show_state()

    def matches(self, words: list[str]) -> bool:
        """True when every word occurs in the field's name, title, help or source."""
        text = " ".join(
            (self.field.path, self.field.title, self.field.help, self._source, self.field.unit)
        ).lower()
        return all(word in text for word in words)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """Say what was typed at once when the row goes out of sight: nobody waits for it any more."""
        super().hideEvent(event)
        if self._timer.isActive():
            self._timer.stop()
            self._on_settled()

    def _make_parts(self) -> None:
        self._label = QLabel(self.field.title, self)
        self._label.setBuddy(self.editor)
        self._label.setWordWrap(True)
        self._unit = QElidingLabel(self.field.unit, self)
        set_role(self._unit, "small")
        self._reset = QToolButton(self)
        set_role(self._reset, "quiet")
        self._reset.setIcon(icon("reset"))
        self._reset.setAccessibleName(f"Reset {self.field.title.lower()}")
        self._reset.setObjectName(f"reset.{self.field.path}")
        self._reset.clicked.connect(self.reset)
        self._origin = QElidingLabel(self)
        self._origin.setElideMode(Qt.TextElideMode.ElideRight)
        self._origin.setObjectName(f"origin.{self.field.path}")
        set_role(self._origin, "small")
        self._complaint = QLabel(self)
        self._complaint.setObjectName(f"complaint.{self.field.path}")
        self._complaint.setWordWrap(True)
        self._lay_out()

    def _lay_out(self) -> None:
        room = self._reset.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(room)
        for widget in (self._label, self.editor, self._unit):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._label, 0, 0)
        # Words need more room than numbers, and have no unit beside them.
        is_wide = not self.field.unit and self.field.type not in ("integer", "number")
        grid.addWidget(self.editor, 0, 1, 1, 2 if is_wide else 1)
        # An empty column would lose its share of the width, and rows would not line up.
        grid.addItem(QSpacerItem(0, 0), 0, 2)
        if not is_wide:
            grid.addWidget(self._unit, 0, 2)
        grid.addWidget(self._reset, 0, 3)
        grid.addWidget(self._origin, 1, 1, 1, 3)
        grid.addWidget(self._complaint, 2, 1, 1, 3)
        for column, stretch in enumerate((6, 5, 6, 0)):
            grid.setColumnStretch(column, stretch)

    def _on_edited(self) -> None:
        self._problem = ("", "")
        self._timer.start()
        self.edited.emit()

    def _on_settled(self) -> None:
        self._show_state()
        self.settled.emit()

    def _show_state(self) -> None:
        error = self.error
        problem, level = self._problem
        changed = self.is_changed
        self._origin.setText(
            f"default {self._shown(self._base)} · {self._source}" if changed else self._source
        )
        self._complain(error or problem, "bad" if error or level == "error" else "warn")
        set_role(self._label, "changed" if changed else "")
        set_role(
            self.editor.focusProxy() or self.editor,
            "invalid" if error or (level == "error" and problem) else "",
        )
        self._reset.setVisible(changed)
        self._reset.setToolTip(f"Back to {self._shown(self._base)}")
        self._show_tooltip()

    def _complain(self, text: str, role: str) -> None:
        self._complaint.setText(text)
        self._complaint.setVisible(bool(text))
        self._origin.setVisible(not text)
        set_role(self._complaint, role)

    def _show_tooltip(self) -> None:
        field = self.field
        parts = [field.help, self._bounds(), f"Default {self._shown(self._base)}: {self._source}", field.path]
        text = "\n".join(part for part in parts if part)
        for widget in (self._label, self.editor, self._origin, self._unit):
            widget.setToolTip(text)

    def _bounds(self) -> str:
        field = self.field
        parts = []
        if field.exclusive_minimum is not None:
            parts.append(f"more than {write_number(field.exclusive_minimum)}")
        if field.minimum is not None:
            parts.append(f"{write_number(field.minimum)} or more")
        if field.maximum is not None:
            parts.append(f"{write_number(field.maximum)} or less")
        return ", ".join(parts).capitalize()

    def _shown(self, value: Any) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        return write_number(value) if isinstance(value, float) else str(value)
