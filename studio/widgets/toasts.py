"""News over the window. It lies where it covers least of what is clicked, and lets through what it does cover."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut, QWindow
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from studio.widgets.free_place import free_place, obstacles_on
from studio.widgets.toast_card import BUSY, ToastCard

MOST = 3
WIDTH = 380
NARROWEST = 160
MARGIN = 16


class Toasts(QWidget):
    """The stack of news of a window; a click on one sends it away and reaches what lies below, Escape sends away too.

    Args:
        over: The widget it lies over; it follows its size.
    """

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("toasts")
        self.setAccessibleName("News")
        self._over = over
        self._window: QWindow | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self._dismiss_newest)
        self._escape.setEnabled(False)
        over.installEventFilter(self)
        self.hide()

    def show_toast(
        self, sentence: str, level: str = "info", action: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Show a piece of news; the same sentence twice is shown once.

        Args:
            sentence: What happened.
            level: "info" and "good" leave by themselves; "warn", "bad" and "done", the end of what was waited for,
                when they are sent away; "busy" when ``end_busy`` is called.
            action: Label and callable of one button.
        """
        if any(card.sentence == sentence for card in self.cards()):
            return
        passing = [card for card in self.cards() if card.level != BUSY]
        while passing and len(self.cards()) >= MOST:
            passing.pop(0).leave()
        card = ToastCard(sentence, level, action, self)
        card.left.connect(self.place)
        self._column.addWidget(card)
        self.place()

    def take_back(self, sentence: str) -> None:
        """Take away news that is true no longer."""
        for card in self.cards():
            if card.sentence == sentence:
                card.leave()

    def end_busy(self) -> None:
        """Take away what told of work that goes on."""
        for card in self.cards():
            if card.level == BUSY:
                card.leave()

    def cards(self) -> list[ToastCard]:
        """What is shown now, oldest first."""
        return self.findChildren(ToastCard, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def place(self) -> None:
        """Lie where least is covered, as tall as the news needs."""
        cards = self.cards()
        self.setVisible(bool(cards))
        self._escape.setEnabled(bool(cards))
        if not cards:
            return
        self._watch_window()
        width = min(WIDTH, max(self._over.width() - 2 * MARGIN, NARROWEST))
        heights = [card.fit(width) for card in cards]
        size = QSize(width, sum(heights) + (len(cards) - 1) * self._column.spacing())
        room = QRect(self._over.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        self.setGeometry(QRect(free_place(room, size, obstacles_on(self._over, self)), size))
        self.raise_()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self.place()
        elif watched is self._window and isinstance(event, QMouseEvent):
            self._let_through(event)
        return False

    def _watch_window(self) -> None:
        """See clicks before they are given to a widget: a widget that got one cannot give it to what lies below."""
        handle = self.window().windowHandle()
        if handle is not None and handle is not self._window:
            self._window = handle
            handle.installEventFilter(self)

    def _let_through(self, event: QMouseEvent) -> None:
        """Send the news under a click away, and let the click through, unless it is for one of its buttons."""
        transparent = Qt.WidgetAttribute.WA_TransparentForMouseEvents
        if event.type() == QEvent.Type.MouseButtonRelease:
            self.setAttribute(transparent, False)
        if event.type() != QEvent.Type.MouseButtonPress or event.button() != Qt.MouseButton.LeftButton:
            return
        point = self.mapFrom(self.window(), event.position().toPoint())
        if not self.isVisible() or not self.rect().contains(point):
            return
        card = next((card for card in self.cards() if card.geometry().contains(point)), None)
        if card is None or not card.has_button_at(card.mapFrom(self, point)):
            self.setAttribute(transparent, True)
            if card is not None:
                card.leave()

    def _dismiss_newest(self) -> None:
        cards = self.cards()
        if cards:
            cards[-1].leave()
