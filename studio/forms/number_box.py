"""A box for a number that keeps what was typed, steps sensibly and explains its bounds."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from engine.declared import FieldEntry
from studio.forms.numbers import next_decade, next_digit, read_integer, read_number, write_number

PAGE_STEPS = 10


class NumberBox(QLineEdit):
    """Edits an integer or a real number; anything can be typed, ``value`` says whether it can be used.

    Arrow keys, page up and down, and the wheel (with the focus) step. It is a line of text and no spin box, because a
    spin box corrects what is typed.

    Args:
        field: Type, bounds and whether the number is thought of in decades.
        parent: Qt owner.
    """

    edited = Signal()

    def __init__(self, field: FieldEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        self.setMinimumWidth(48)
        self.textChanged.connect(self.edited)

    def value(self) -> float:
        """Return the number, or raise ``ValueError`` with a sentence: not a number, or out of bounds."""
        number = self._read(self.text())
        field = self._field
        if field.exclusive_minimum is not None and number <= field.exclusive_minimum:
            raise ValueError(f"Must be more than {write_number(field.exclusive_minimum)}.")
        if field.minimum is not None and number < field.minimum:
            raise ValueError(f"Must be {write_number(field.minimum)} or more.")
        if field.maximum is not None and number > field.maximum:
            raise ValueError(f"Must be {write_number(field.maximum)} or less.")
        return number

    def set_value(self, value: float) -> None:
        """Show a number; the text stays as typed when it already means that number."""
        try:
            if self._read(self.text()) == value:
                return
        except ValueError:
            pass
        self.setText(str(value) if self._field.type == "integer" else write_number(value))

    def step_by(self, steps: int) -> None:
        """Move up or down, staying inside the bounds."""
        try:
            number = self._read(self.text())
        except ValueError:
            return
        moved = self._moved(number, steps)
        if self._is_inside(moved):
            self.set_value(moved)
        else:
            self.set_value(self._nearest_bound(number, steps))
        self.selectAll()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step with the wheel, but leave it to the form unless the box has the focus."""
        if self.hasFocus() and event.angleDelta().y():
            self.step_by(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys, and by ten with page up and page down."""
        page = 1 if self._field.log else PAGE_STEPS
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: page, Qt.Key.Key_PageDown: -page}
        if event.key() in steps:
            self.step_by(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _read(self, text: str) -> float:
        read = read_integer if self._field.type == "integer" else read_number
        return read(text, self._field.unit)

    def _moved(self, number: float, steps: int) -> float:
        if self._field.log:
            return next_decade(number, steps)
        return number + steps if self._field.type == "integer" else next_digit(number, steps)

    def _is_inside(self, number: float) -> bool:
        field = self._field
        return (
            (field.exclusive_minimum is None or number > field.exclusive_minimum)
            and (field.minimum is None or number >= field.minimum)
            and (field.maximum is None or number <= field.maximum)
        )

    def _nearest_bound(self, number: float, steps: int) -> float:
        bound = self._field.maximum if steps > 0 else self._field.minimum
        if bound is None:
            return number
        return int(bound) if self._field.type == "integer" else bound
