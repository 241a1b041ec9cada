"""One editor per type of a field: it shows a value, reads what was typed, and says what is wrong with it.

An editor knows the type and the bounds of a field, never its meaning. ``value`` raises ``ValueError`` with a sentence
for the person while what is typed cannot be used.
"""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from engine.declared import FieldEntry
from studio.forms.number_box import NumberBox
from studio.forms.path_box import PathBox

Options = Mapping[Any, str]


class Editor(QWidget):
    """The widget that edits one value.

    Args:
        field: What is edited.
        parent: Qt owner.
    """

    changed = Signal()

    def __init__(self, field: FieldEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def value(self) -> Any:
        """Return the value, or raise ``ValueError`` with a sentence."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value; ``changed`` is emitted when it differs from the one shown."""
        raise NotImplementedError

    def _hold(self, widget: QWidget) -> None:
        """Put the inner widget in place, under the field's name for eyes, tests and screen readers."""
        widget.setObjectName(f"field.{self.field.path}")
        widget.setAccessibleName(self.field.title)
        widget.setAccessibleDescription(self.field.help)
        self._layout.addWidget(widget)
        self.setFocusProxy(widget)


class NumberEditor(Editor):
    """Edits an integer or a real number between bounds."""

    def __init__(self, field: FieldEntry, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = NumberBox(field, self)
        self.box.edited.connect(self.changed)
        self._hold(self.box)

    @override
    def value(self) -> float:
        return self.box.value()

    @override
    def set_value(self, value: Any) -> None:
        self.box.set_value(value)


class FlagEditor(Editor):
    """Edits yes or no."""

    def __init__(self, field: FieldEntry, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = QCheckBox(self)
        self.box.toggled.connect(self.changed)
        self._hold(self.box)

    @override
    def value(self) -> bool:
        return self.box.isChecked()

    @override
    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))


class StillComboBox(QComboBox):
    """A choice that the mouse wheel moves only while it has the focus, so that a form can be scrolled."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the form unless the choice has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceEditor(Editor):
    """Edits one of a few values.

    Args:
        field: What is edited; its ``choices`` are offered when ``options`` are not given.
        options: Value -> label.
        parent: Qt owner.
    """

    def __init__(
        self, field: FieldEntry, parent: QWidget | None = None, options: Options | None = None
    ) -> None:
        super().__init__(field, parent)
        self.box = StillComboBox(self)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(8)
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for value, label in (options or {choice: str(choice) for choice in field.choices or ()}).items():
            self.box.addItem(label, value)
        self.box.currentIndexChanged.connect(self.changed)
        self._hold(self.box)

    @override
    def value(self) -> Any:
        return self.box.currentData()

    @override
    def set_value(self, value: Any) -> None:
        index = self._index_of(value)
        if index < 0:
            self.box.addItem(str(value), value)
            index = self.box.count() - 1
        self.box.setCurrentIndex(index)

    def _index_of(self, value: Any) -> int:
        return next((i for i in range(self.box.count()) if self.box.itemData(i) == value), -1)


class TextEditor(Editor):
    """Edits a line of text."""

    def __init__(self, field: FieldEntry, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = QLineEdit(self)
        self.box.textChanged.connect(self.changed)
        self._hold(self.box)

    @override
    def value(self) -> str:
        return self.box.text().strip()

    @override
    def set_value(self, value: Any) -> None:
        if str(value) != self.value():
            self.box.setText(str(value))


class PathEditor(Editor):
    """Edits the path of a folder or file: typed, browsed or dropped."""

    def __init__(self, field: FieldEntry, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = PathBox(field.title, self)
        self.box.edited.connect(self.changed)
        self._hold(self.box)

    @override
    def value(self) -> str:
        return self.box.path()

    @override
    def set_value(self, value: Any) -> None:
        self.box.set_path(str(value))


EDITORS: dict[str, type[Editor]] = {
    "integer": NumberEditor,
    "number": NumberEditor,
    "boolean": FlagEditor,
    "string": TextEditor,
    "choice": ChoiceEditor,
    "path": PathEditor,
}


def make_editor(field: FieldEntry, options: Options | None = None, parent: QWidget | None = None) -> Editor:
    """Return the editor for a field.

    Args:
        field: What is edited.
        options: Value -> label where the surroundings know what can be chosen, such as the devices of this computer.
        parent: Qt owner.
    """
    if options:
        return ChoiceEditor(field, parent, options)
    return EDITORS.get(field.type, TextEditor)(field, parent)
