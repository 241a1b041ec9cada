"""The foot of New run: the name of the run, and the two buttons that make it happen. It is in sight at any size."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio import theme
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip


class StartFoot(QFrame):
    """Name, what the run would wait for, Add to queue, Start.

    Args:
        parent: Qt owner.
    """

    start_pressed = Signal()
    queue_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start_foot")
        theme.set_role(self, "card")
        self.name = QLineEdit(self)
        self.name.setObjectName("run_name")
        self.name.setAccessibleName("Name of the run")
        self.queue = make_button("Add to queue", "add_to_queue", self.queue_pressed.emit, icon="queue")
        self.start = make_button("Start", "start_run", self.start_pressed.emit, icon="play", role="primary")
        self.start.setShortcut(QKeySequence("Ctrl+Return"))
        set_tip(self.start, "Start the run and watch it (Ctrl+Enter)")
        self.ahead = make_label("", "runs_ahead", "small", wraps=True)
        self._lay_out()

    def show_ahead(self, sentence: str) -> None:
        """Say what the run would wait for; nothing when it would start at once."""
        self.ahead.setText(sentence)
        self.ahead.setVisible(bool(sentence))

    def stretch_out(self, is_wide: bool) -> None:
        """Put everything into one row, or below each other."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._column.setDirection(across if is_wide else down)

    def _lay_out(self) -> None:
        label = make_label("Name", "run_name_label")
        label.setBuddy(self.name)
        name_row = QHBoxLayout()
        name_row.setSpacing(8)
        name_row.addWidget(label)
        name_row.addWidget(self.name, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.queue)
        buttons.addWidget(self.start)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(8)
        self._column.addLayout(name_row)
        self._column.addWidget(self.ahead)
        self._column.addLayout(buttons)
        self.ahead.hide()
