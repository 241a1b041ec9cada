"""News over the window: a sentence, perhaps a button; good news leaves by itself, bad news stays until read."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from studio import theme
from studio.widgets.buttons import make_button, make_icon_button
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label

SHOWN_MILLISECONDS = 7000
MOST = 4
WIDTH = 380
NARROWEST = 160
MARGIN = 16
_LOOKS = {
    "info": ("info", "accent", "News"),
    "good": ("good", "good", "Done"),
    "warn": ("warning", "warn", "Warning"),
    "bad": ("error", "bad", "Error"),
}
_STAYING = ("warn", "bad")


class ToastCard(QFrame):
    """One piece of news.

    Args:
        sentence: The news.
        level: "info", "good", "warn" or "bad".
        action: Label and callable of one button.
        parent: The overlay.
    """

    def __init__(
        self, sentence: str, level: str, action: tuple[str, Callable[[], None]] | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.sentence = sentence
        icon, token, word = _LOOKS.get(level, _LOOKS["info"])
        self.setObjectName("toast")
        self.setAccessibleName(f"{word}: {sentence}")
        theme.set_role(self, f"note_{level if level in _LOOKS else 'info'}")
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(IconLabel(icon, word, token), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(make_label(sentence, "toast_sentence", wraps=True))
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

    def leave(self) -> None:
        """Go away."""
        self._timer.stop()
        self.hide()
        self.setParent(None)
        self.deleteLater()

    def _action_button(self, label: str, on_click: Callable[[], None]) -> QWidget:
        def act() -> None:
            self.leave()
            on_click()

        return make_button(label, "toast_action", act)


class Toasts(QWidget):
    """The stack of news at the lower right of a window.

    Args:
        over: The widget it lies over; it follows its size.
    """

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("toasts")
        self.setAccessibleName("News")
        self._over = over
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        over.installEventFilter(self)
        self.hide()

    def show_toast(
        self, sentence: str, level: str = "info", action: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Show a piece of news; the same sentence twice is shown once."""
        if any(card.sentence == sentence for card in self.cards()):
            return
        while len(self.cards()) >= MOST:
            self.cards()[0].leave()
        card = ToastCard(sentence, level, action, self)
        card.destroyed.connect(self._place)
        self._column.addWidget(card)
        self._place()

    def cards(self) -> list[ToastCard]:
        """What is shown now, oldest first."""
        return self.findChildren(ToastCard, options=Qt.FindChildOption.FindDirectChildrenOnly)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        """Lie at the lower right, as tall as the news needs."""
        cards = self.cards()
        self.setVisible(bool(cards))
        width = min(WIDTH, max(self._over.width() - 2 * MARGIN, NARROWEST))
        heights = [card.fit(width) for card in cards]
        self.resize(width, sum(heights) + max(len(cards) - 1, 0) * self._column.spacing())
        self.move(self._over.width() - width - MARGIN, self._over.height() - self.height() - MARGIN)
        self.raise_()
