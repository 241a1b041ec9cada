"""Labels made in one line."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from studio import theme


def make_label(text: str = "", name: str = "", role: str = "", *, wraps: bool = False) -> QLabel:
    """Make a label whose text can be selected and copied with the mouse.

    Args:
        text: Plain text; it is never read as HTML.
        name: Object name.
        role: A label role of the theme, such as "section" or "muted".
        wraps: Break long text into lines instead of widening the window.
    """
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName(name)
    label.setWordWrap(wraps)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    theme.set_role(label, role)
    return label
