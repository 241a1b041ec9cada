"""Text from outside on the screen: every name, path and error is text, never markup, and hides no sign.

Qt reads a tip, a label or a question as HTML when it looks like it, and an ampersand on a button or in a menu as the
mark of a shortcut. Whatever the window shows goes through here (labels: through ``studio.widgets.labels``).
"""

import html
import re
from typing import Protocol

from PySide6.QtCore import QPoint
from PySide6.QtGui import Qt
from PySide6.QtWidgets import QToolTip, QWidget

from engine.printable import printable

_LONG_WORD = re.compile(r"\S{33,}")
# A dozen signs, and what belongs to the last of them: marks above and below, joiners, looks of emoji.
_PIECE = re.compile(r".{12}[\u0300-\u036f\u200d\ufe0f]*(?<!\u200d)(?=.)")
BREAK = "\u200b"
"""A zero-width space: a line may be broken here."""


class Tipped(Protocol):
    """A widget, an action or an item of a list."""

    def setToolTip(self, tip: str, /) -> object: ...  # noqa: D102 - Qt's own name


def shown(text: str) -> str:
    """A text of one line as it is shown: control characters and marks of direction are seen as signs."""
    return printable(text, keep=BREAK)


def shown_lines(text: str) -> str:
    """A text of several lines as it is shown."""
    return printable(text.replace("\r\n", "\n"), keep=f"\n\t{BREAK}")


def with_breaks(text: str) -> str:
    """The text with places where a line may be broken in words that no line could hold, such as a path."""
    return _LONG_WORD.sub(lambda word: _PIECE.sub(rf"\g<0>{BREAK}", word.group()), text)


def without_breaks(text: str) -> str:
    """The text as it was before ``with_breaks``, for the clipboard."""
    return text.replace(BREAK, "")


def button_text(text: str) -> str:
    """A text for a button, a tab or a menu, where a single ampersand would underline the next letter."""
    return shown(text).replace("&", "&&")


def window_title(text: str) -> str:
    """A text as the title of a window, where Qt takes ``[*]`` for the place of the mark of unsaved changes."""
    return shown(text).replace("[*]", "[*][*]")


def tip_of(text: str) -> str:
    """A text as a tip; one that Qt would read as HTML is escaped, so that it reads as it is written."""
    plain = shown_lines(text)
    if not Qt.mightBeRichText(plain):
        return plain
    escaped = html.escape(with_breaks(plain)).replace("\n", "<br>")
    return f"<qt>{escaped}</qt>"


def show_tip(place: QPoint, text: str, widget: QWidget) -> None:
    """Show a tip now, for a part of a widget that has tips for its parts.

    Args:
        place: Where, on the screen.
        text: Plain text.
        widget: Whose part it is.
    """
    QToolTip.showText(place, tip_of(text), widget)


def set_tip(owner: Tipped, text: str) -> None:
    """Give something its tip; the only way to do so in the studio.

    Args:
        owner: A widget, an action or an item.
        text: Plain text, lines separated by line breaks; empty for none.
    """
    owner.setToolTip(tip_of(text))
