"""One piece of news: a sentence, perhaps a button; a click on it sends it away."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from studio import theme, wording
from studio.widgets.buttons import make_button, make_icon_button
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label
from studio.widgets.plain_text import shown
from studio.widgets.removal import retire

SHOWN_MILLISECONDS = 7000
AFTER_HOVER_MILLISECONDS = 3000
LONGEST = 600
BUSY, DONE = "busy", "done"
_LOOKS = {
    "info": ("info", "accent", "News"),
    "good": ("good", "good", "Done"),
    "warn": ("warning", "warn", "Warning"),
    "bad": ("error", "bad", "Error"),
    BUSY: ("clock", "accent", "At work"),
    DONE: ("good", "good", "Done"),
}
_FRAMES = {BUSY: "info", DONE: "good"}
_STAYING = ("warn", "bad", BUSY, DONE)


class ToastCard(QFrame):
    """One piece of news; good news leaves by itself unless the pointer rests on it.

    Args:
        sentence: The news.
        level: "info", "good", "warn", "bad", "busy" or "done".
        action: Label and callable of one button.
        parent: The overlay.
    """

    left = Signal()

    def __init__(
        self, sentence: str, level: str, action: tuple[str, Callable[[], None]] | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.sentence, self.level = sentence, level
        icon, token, word = _LOOKS.get(level, _LOOKS["info"])
        self.setObjectName("toast")
        self.setAccessibleName(shown(f"{word}: {sentence}"))
        theme.set_role(self, f"note_{_FRAMES.get(level, level) if level in _LOOKS else 'info'}")
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(IconLabel(icon, word, token), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        words = make_label(wording.shortened(sentence, LONGEST), "toast_sentence", wraps=True)
        # The pointer belongs to the card: a click on the words is a click on the news.
        words.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        column.addWidget(words)
        if action is not None:
            column.addWidget(self._action_button(*action), 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(column, 1)
        row.addWidget(
            make_icon_button("close", "Dismiss", "toast_close", self.leave), 0, Qt.AlignmentFlag.AlignTop
        )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.leave)
        if level not in _STAYING:
            self._timer.start(SHOWN_MILLISECONDS)

    def fit(self, width: int) -> int:
        """Take the height that the sentence needs at a width, and return it."""
        for part in (self, *self.findChildren(QWidget)):
            part.ensurePolished()  # the style sheet's fonts decide where lines break
        self._row.invalidate()
        height = max(self._row.totalHeightForWidth(width), self._row.totalMinimumSize().height())
        self.setFixedSize(width, height)
        return height

    def has_button_at(self, point: QPoint) -> bool:
        """Whether a point of the card lies on one of its buttons."""
        return isinstance(self.childAt(point), QAbstractButton)

    def leave(self) -> None:
        """Go away."""
        self._timer.stop()
        retire([self])
        self.left.emit()

    def copy(self) -> None:
        """Put the news on the clipboard."""
        QGuiApplication.clipboard().setText(self.sentence)

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self.level not in _STAYING and self.isVisible():
            self._timer.start(AFTER_HOVER_MILLISECONDS)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.leave()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy").triggered.connect(self.copy)
        menu.popup(event.globalPos())

    def _action_button(self, label: str, on_click: Callable[[], None]) -> QWidget:
        def act() -> None:
            self.leave()
            on_click()

        return make_button(label, "toast_action", act)
