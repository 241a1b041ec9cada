"""Shows what came of a look: a viewer's pictures, that they are being drawn, or why there are none."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio import theme
from studio.live.inspector import Reply
from studio.viewers.viewer import Viewer
from studio.widgets.buttons import make_button
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip

PATIENCE_MILLISECONDS = 250


class LookPanel(QWidget):
    """A viewer's controls, a thin bar that appears when a look takes longer than a moment, and its pictures.

    Args:
        viewer: What shows the looks.
        on_again: Called when the person wants to try again after an error.
        parent: Qt owner.
    """

    failed = Signal(str)

    def __init__(self, viewer: Viewer, on_again: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"{viewer.name}_panel")
        self.viewer = viewer
        self.asked: dict[str, Any] | None = None
        self.viewer.failed.connect(self.failed)
        self._bar = QProgressBar(self)
        self._bar.setObjectName(f"{viewer.name}_progress")
        self._bar.setAccessibleName(viewer.doing)
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        room = self._bar.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(room)
        self._bar.hide()
        self.waiting = make_label("", f"{viewer.name}_waiting", "muted")
        self.waiting.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PATIENCE_MILLISECONDS)
        self._timer.timeout.connect(self._bar.show)
        self._error = self._make_error(on_again)
        self._lay_out()

    @property
    def hidden_height(self) -> int:
        """Pixels of the panel that a low window scrolls away."""
        return max(self._content.height() - self._scroll.viewport().height(), 0)

    @property
    def error(self) -> str:
        """The sentence shown instead of pictures; empty when there is none."""
        return self.sentence.text() if self._error.isVisibleTo(self) else ""

    def show_waiting(self, asked: dict[str, Any], sentence: str = "") -> None:
        """Show that a look is on its way; what is on screen stays until it comes.

        Args:
            asked: What was asked, kept as ``asked`` to tell whether the look is still the wanted one.
            sentence: Why it may take longer.
        """
        self.asked = asked
        self.waiting.setText(sentence)
        self.waiting.setVisible(bool(sentence))
        self._timer.start()

    def show_reply(self, reply: Reply) -> None:
        """Show what came."""
        self._rest()
        self._error.setVisible(not reply.ok)
        self.viewer.setVisible(reply.ok)
        if reply.ok:
            self.viewer.show_look(reply.arrays, reply.info)
        else:
            self.sentence.setText(reply.error)
            self.fix.setText(reply.fix)
            set_tip(self._error, reply.detail)

    def clear(self) -> None:
        """Show nothing."""
        self._rest()
        self.asked = None
        self._error.hide()
        self.viewer.clear()

    def _lay_out(self) -> None:
        """Let a window too low for the pictures scroll them instead of making them smaller than can be read."""
        self._content = QWidget()
        self._content.setObjectName("scroll_content")
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.viewer.controls, self._bar, self.waiting, self._error):
            column.addWidget(widget)
        column.addWidget(self.viewer, 1)
        column.addStretch(0)
        self._scroll = QScrollArea(self)
        self._scroll.setObjectName(f"{self.viewer.name}_scroll")
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)

    def _rest(self) -> None:
        self._timer.stop()
        self._bar.hide()
        self.waiting.hide()

    def _make_error(self, on_again: Callable[[], object]) -> QFrame:
        frame = QFrame(self)
        frame.setObjectName(f"{self.viewer.name}_error")
        theme.set_role(frame, "note_bad")
        self.sentence = make_label("", f"{self.viewer.name}_error_sentence", wraps=True)
        self.fix = make_label("", f"{self.viewer.name}_error_fix", "muted", wraps=True)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.sentence)
        words.addWidget(self.fix)
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(IconLabel("error", "Error", "bad"))
        row.addLayout(words, 1)
        row.addWidget(make_button("Try again", f"{self.viewer.name}_again", on_again))
        frame.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        frame.hide()
        return frame
