"""One number with its name: what it is, small and muted, over what it is now."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio import wording
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip


class ValueTile(QWidget):
    """A name over a number.

    Args:
        title: What the number is.
        name: Object name.
        parent: Qt owner.
    """

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.setObjectName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(make_label(title, f"{name}_title", "small"))
        self._value = make_label(wording.NOTHING, f"{name}_value", "section")
        column.addWidget(self._value)
        self.setAccessibleName(f"{title}: unknown")

    @property
    def text(self) -> str:
        """What is shown now."""
        return self._value.text()

    def show_value(self, text: str, whole: str = "") -> None:
        """Show a value.

        Args:
            text: As it is shown, with its unit.
            whole: With all digits, on hover.
        """
        if text != self._value.text():
            self._value.setText(text)
            self.setAccessibleName(f"{self._title}: {text}")
        set_tip(self._value, whole)
