"""The health of a data set: one line, unfolding to all warnings and the pictures with a problem and why."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from engine.store import Dataset
from studio import theme
from studio.pages.new_run import health
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label

MOST_LISTED = 200
LIST_HEIGHT = 120


class HealthList(QWidget):
    """Says at a glance whether the pictures are sound.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("health_list")
        self._icon = IconLabel("good", "Healthy", "good", parent=self)
        self.line = make_label("", "health_line", wraps=True)
        self._toggle = QToolButton(self)
        self._toggle.setObjectName("health_toggle")
        self._toggle.setText("Show")
        self._toggle.setAccessibleName("Show pictures with problems")
        self._toggle.setCheckable(True)
        theme.set_role(self._toggle, "quiet")
        self.list = QPlainTextEdit(self)
        self.list.setObjectName("health_problems")
        self.list.setAccessibleName("Pictures with problems")
        self.list.setReadOnly(True)
        self.list.setFixedHeight(LIST_HEIGHT)
        self.list.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        theme.set_role(self.list, "mono")
        self._toggle.toggled.connect(self._on_toggled)
        self.list.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.line, 1)
        row.addWidget(self._toggle, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.list)

    def show_dataset(self, dataset: Dataset) -> None:
        """Show what the scan found."""
        problems, warnings = health.problems_of(dataset), health.warnings_of(dataset)
        is_sound = not warnings and not health.num_problems(dataset)
        self._icon.show_icon(*(("good", "Healthy", "good") if is_sound else ("warning", "Look here", "warn")))
        self.line.setText(health.health_line(dataset))
        lines = warnings + [
            f"{problem.get('path', '')}: {problem.get('reason', '')}" for problem in problems[:MOST_LISTED]
        ]
        if len(problems) > MOST_LISTED:
            lines.append(f"and {len(problems) - MOST_LISTED} more")
        self.list.setPlainText("\n".join(lines))
        self._toggle.setVisible(bool(lines))
        self._toggle.setChecked(False)

    def _on_toggled(self, is_open: bool) -> None:
        self._toggle.setText("Hide" if is_open else "Show")
        self.list.setVisible(is_open)
