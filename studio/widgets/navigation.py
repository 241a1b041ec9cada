"""The strip of rooms on the left."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from studio import theme
from studio.widgets.plain_text import set_tip


class Navigation(QFrame):
    """One button a page, an icon over a word; Ctrl+1 to Ctrl+9 press them.

    Args:
        parent: Qt owner.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("navigation")
        self.setAccessibleName("Navigation")
        self._buttons: dict[str, QToolButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 12, 8, 8)
        self._column.setSpacing(4)
        self._column.addStretch(1)

    def add(self, name: str, title: str, icon: str) -> QToolButton:
        """Add a room below the others.

        Args:
            name: What ``chosen`` emits.
            title: The word under the icon.
            icon: Drawing in ``resources/icons``.
        """
        number = len(self._buttons) + 1
        button = self._make(f"navigate_{name}", title, icon)
        button.setCheckable(True)
        button.clicked.connect(lambda: self.chosen.emit(name))
        if number <= 9:
            set_tip(button, f"{title} (Ctrl+{number})")
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, lambda: self.chosen.emit(name))
        self._buttons[name] = button
        self._column.insertWidget(len(self._buttons) - 1, button)
        return button

    def add_at_foot(self, name: str, title: str, icon: str) -> QToolButton:
        """Add a button at the lower end that is no room, such as the theme's."""
        button = self._make(name, title, icon)
        self._column.addWidget(button)
        return button

    def mark(self, name: str) -> None:
        """Show which room is open; a page outside the navigation marks none."""
        if name in self._buttons and any(button.hasFocus() for button in self._buttons.values()):
            self._buttons[name].setFocus()
        # No exclusive button group: Qt would take all but the checked button out of the Tab order.
        for other, button in self._buttons.items():
            button.setChecked(other == name)

    def _make(self, name: str, title: str, icon: str) -> QToolButton:
        button = QToolButton()
        # A click takes the focus along, or its frame stays on the page that was left.
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setObjectName(name)
        button.setText(title)
        button.setAccessibleName(title)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(20, 20))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setProperty("navigation", "true")
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        return button
