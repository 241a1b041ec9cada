"""Buttons made in one line: words, icon, role, names, what happens."""

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QToolButton

from studio import theme
from studio.widgets.plain_text import set_tip

_TOKEN_OF_ROLE = {"primary": "on_accent", "danger": "bad"}


def make_button(
    text: str,
    name: str,
    on_click: Callable[[], object],
    *,
    icon: str = "",
    role: str = "",
    tip: str = "",
) -> QPushButton:
    """Make a button with words.

    Args:
        text: What it does, such as "Stop and save".
        name: Object name, for tests and style.
        on_click: Called without arguments.
        icon: Drawing in ``resources/icons``.
        role: "primary", "danger", "quiet" or nothing.
        tip: Longer explanation shown on hover.
    """
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    set_tip(button, tip)
    button.setAccessibleDescription(tip)
    theme.set_role(button, role)
    if icon:
        button.setIcon(theme.icon(icon, _TOKEN_OF_ROLE.get(role, "text")))
        button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
    button.clicked.connect(lambda: on_click())
    return button


def make_icon_button(icon: str, words: str, name: str, on_click: Callable[[], object]) -> QToolButton:
    """Make a small button that shows only an icon; its words are its accessible name and its tip.

    Args:
        icon: Drawing in ``resources/icons``.
        words: What it does.
        name: Object name.
        on_click: Called without arguments.
    """
    button = QToolButton()
    button.setObjectName(name)
    button.setAccessibleName(words)
    set_tip(button, words)
    button.setIcon(theme.icon(icon))
    button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
    theme.set_role(button, "quiet")
    button.clicked.connect(lambda: on_click())
    return button
