"""Labels made in one line. Their text is always plain text; what does not fit is broken or elided, never cut."""

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QGuiApplication, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QWidget
from typing_extensions import override

from studio import theme
from studio.widgets.plain_text import set_tip, shown, shown_lines, with_breaks, without_breaks

NARROWEST = 96
"""Pixels below which neither a long word nor a name keeps a window from getting narrower."""


class PlainLabel(QLabel):
    """A label that reads no markup, shows control characters as signs, and breaks words that no line could hold.

    ``text()`` is what was set; what is selected is copied without the places to break.

    Args:
        text: Plain text.
        parent: Qt owner.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""  # changes of the font come before the first text
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    @override
    def text(self) -> str:
        return self._text

    @override
    def setText(self, text: str, /) -> None:
        self._text = shown_lines(text)
        super().setText(with_breaks(self._text))

    @override
    def clear(self) -> None:
        self.setText("")

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.hasSelectedText():
            event.ignore()
            return
        menu = QMenu(self)
        menu.addAction("Copy").triggered.connect(self._copy)
        menu.popup(QPoint(event.globalPos()))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        clipboard = QGuiApplication.clipboard()
        if self.hasSelectedText() and clipboard.supportsSelection():
            clipboard.setText(without_breaks(self.selectedText()), clipboard.Mode.Selection)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(without_breaks(self.selectedText()))


class ElidedLabel(PlainLabel):
    """A label of one line that gives way: what does not fit is elided, and its tip has the whole.

    Args:
        text: Plain text; a line break in it is shown as a sign.
        parent: Qt owner.
    """

    @override
    def setText(self, text: str, /) -> None:
        self._text = shown(text)
        self._elide()
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        """The whole text; the font's own metrics, since what is shown may be elided."""
        return QSize(self._natural_width(), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._natural_width(), NARROWEST), super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._elide()
            self.updateGeometry()

    @property
    def is_elided(self) -> bool:
        """Whether a part of the text is not in sight."""
        return QLabel.text(self) != self._text

    def _natural_width(self) -> int:
        self.ensurePolished()
        return QFontMetrics(self.font()).horizontalAdvance(self._text) + 2

    def _elide(self) -> None:
        self.ensurePolished()
        metrics = QFontMetrics(self.font())
        elided = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, max(self.width(), 1))
        if elided != QLabel.text(self):
            QLabel.setText(self, elided)
        set_tip(self, self._text if self.is_elided else "")


def make_label(text: str = "", name: str = "", role: str = "", *, wraps: bool = False) -> PlainLabel:
    """Make a label whose text can be selected and copied with the mouse.

    Args:
        text: Plain text; it is never read as HTML.
        name: Object name.
        role: A label role of the theme, such as "section" or "muted".
        wraps: Break long text into lines instead of widening the window.
    """
    label = PlainLabel(text)
    _dress(label, name, role)
    label.setWordWrap(wraps)
    return label


def make_name_label(text: str = "", name: str = "", role: str = "") -> ElidedLabel:
    """Make a label for a name that a person chose: as long as it likes to be, it takes no more room than there is.

    Args:
        text: Plain text; it is never read as HTML.
        name: Object name.
        role: A label role of the theme, such as "section" or "muted".
    """
    label = ElidedLabel(text)
    _dress(label, name, role)
    return label


def _dress(label: QLabel, name: str, role: str) -> None:
    label.setObjectName(name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    theme.set_role(label, role)
