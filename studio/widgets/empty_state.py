"""What stands where nothing is yet: why it is empty, and the next step."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.widgets.buttons import make_button
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label
from studio.widgets.plain_text import shown


class EmptyState(QWidget):
    """An icon, a sentence, and at most one button.

    Args:
        icon: Drawing in ``resources/icons``.
        sentence: Why it is empty and what to do.
        name: Object name.
        action: Label and callable of the next step.
        parent: Qt owner.
    """

    def __init__(
        self,
        icon: str,
        sentence: str,
        name: str,
        action: tuple[str, Callable[[], object]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(shown(sentence))
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(IconLabel(icon, sentence, "disabled", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        self.label = make_label(sentence, f"{name}_sentence", "muted", wraps=True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.label)
        if action is not None:
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(make_button(action[0], f"{name}_action", action[1], role="primary"))
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(1)

    def say(self, sentence: str) -> None:
        """Change the sentence."""
        self.label.setText(sentence)
        self.setAccessibleName(shown(sentence))
