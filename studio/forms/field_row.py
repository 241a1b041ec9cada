"""One field of a form: label, editor, unit, reset, and below them one line that says what matters now.

That line is, in this order: what is wrong with the value, what it was changed from, or where the default comes from.
"""

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QSpacerItem, QToolButton, QWidget
from superqt import QElidingLabel
from typing_extensions import override

from engine.declared import FieldEntry
from studio.forms import field_words
from studio.forms.editors import Editor, Options, make_editor
from studio.theme import icon, set_role
from studio.widgets.labels import PlainLabel
from studio.widgets.plain_text import set_tip

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
        self._options = options
        self._base: Any = field.default
        self._source = field.source
        self._problem = ("", "")
        self._is_own = False
        # A long form is built when it is seen: until then a row is its value.
        self._value: Any = field.default
        self._editor: Editor | None = None
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MILLISECONDS)
        self._timer.timeout.connect(self._on_settled)

    @property
    def editor(self) -> Editor:
        """The editor; made now if the row was never seen."""
        if self._editor is None:
            self._editor = make_editor(self.field, self._options, self)
            self._editor.set_value(self._value)
            self._editor.changed.connect(self._on_edited)
            self._make_parts(self._editor)
            self._show_state()
        return self._editor

    def value(self) -> Any:
        """Return the value, or raise ``ValueError`` with a sentence."""
        return self._value if self._editor is None else self._editor.value()

    def set_value(self, value: Any) -> None:
        """Show a value and say at once what there is to say about it."""
        self._value = value
        if self._editor is not None:
            self._editor.set_value(value)
        self._problem = ("", "")
        self._timer.stop()
        self._show_state()

    def set_base(self, value: Any, source: str) -> None:
        """Set what counts as unchanged, such as a preset's value, and where it comes from."""
        if (self._base, self._source) != (value, source):
            self._base, self._source = value, source
            self._show_state()

    def keep(self) -> None:
        """Take the value as the person's own, also where it equals the unchanged one now."""
        self._is_own = True

    def rebase(self, value: Any, source: str) -> None:
        """Move what counts as unchanged, as a preset does for another data set; the person's own value stays."""
        self._is_own = self.is_own
        if (self._base, self._source) == (value, source):
            return
        self.set_base(value, source)
        if not self._is_own:
            self.set_value(value)

    @property
    def is_own(self) -> bool:
        """True when the person chose the value, even where the preset has come to it since."""
        return self._is_own or self.is_changed

    def reset(self) -> None:
        """Go back to the unchanged value."""
        self._is_own = False
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
        return self._complaint_and_role()[0] or self._origin_text()

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
    def showEvent(self, event: QShowEvent) -> None:
        """Be built before being seen."""
        _ = self.editor
        super().showEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """Say what was typed at once when the row goes out of sight: nobody waits for it any more."""
        super().hideEvent(event)
        if self._timer.isActive():
            self._timer.stop()
            self._on_settled()

    def _make_parts(self, editor: Editor) -> None:
        self._label = PlainLabel(self.field.title, self)
        self._label.setBuddy(editor)
        self._label.setWordWrap(True)
        self._unit = QElidingLabel(self.field.unit, self)
        set_role(self._unit, "small")
        self._reset = QToolButton(self)
        set_role(self._reset, "quiet")
        self._reset.setIcon(icon("reset"))
        self._reset.setAccessibleName(f"Reset {self.field.title.lower()}")
        self._reset.setObjectName(f"reset.{self.field.path}")
        self._reset.clicked.connect(self._on_reset)
        self._origin = QElidingLabel(self)
        self._origin.setElideMode(Qt.TextElideMode.ElideRight)
        self._origin.setObjectName(f"origin.{self.field.path}")
        set_role(self._origin, "small")
        self._complaint = PlainLabel(parent=self)
        self._complaint.setObjectName(f"complaint.{self.field.path}")
        self._complaint.setWordWrap(True)
        self._lay_out(editor)

    def _lay_out(self, editor: Editor) -> None:
        room = self._reset.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(room)
        for widget in (self._label, editor, self._unit):
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(widget is self._label)  # a title may need three lines
            widget.setSizePolicy(policy)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._label, 0, 0)
        # Words need more room than numbers, and have no unit beside them.
        is_wide = not self.field.unit and self.field.type not in ("integer", "number")
        grid.addWidget(editor, 0, 1, 1, 2 if is_wide else 1)
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
        self._is_own = False  # from here on the value itself tells
        self._problem = ("", "")
        self._timer.start()
        self.edited.emit()

    def _on_reset(self) -> None:
        self.reset()
        self._on_settled()

    def _on_settled(self) -> None:
        self._show_state()
        self.settled.emit()

    def _origin_text(self) -> str:
        return field_words.origin(self._base, self._source, is_changed=self.is_changed)

    def _complaint_and_role(self) -> tuple[str, str]:
        """What is wrong, and how it is coloured: what is typed goes before what a check found."""
        if self.error:
            return self.error, "bad"
        message, level = self._problem
        return message, "warn" if level == "warning" else "bad"

    def _show_state(self) -> None:
        if self._editor is None:
            return
        changed = self.is_changed
        complaint, role = self._complaint_and_role()
        self._origin.setText(self._origin_text())
        self._origin.setVisible(not complaint)
        self._complaint.setText(complaint)
        self._complaint.setVisible(bool(complaint))
        set_role(self._complaint, role)
        set_role(self._label, "changed" if changed else "")
        set_role(self._editor.focusProxy() or self._editor, "invalid" if complaint and role == "bad" else "")
        self._reset.setVisible(changed)
        set_tip(self._reset, f"Back to {field_words.shown(self._base)}")
        tip = field_words.tip(self.field, self._base, self._source)
        for widget in (self._label, self._editor, self._origin, self._unit):
            set_tip(widget, tip)
