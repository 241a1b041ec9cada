"""The folded part of a form: a line that opens it, a search box, and fields in groups."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from studio.forms.field_row import FieldRow
from studio.theme import set_role
from studio.widgets.labels import PlainLabel

GROUP_TITLES = {"settings": "Method", "data": "Pictures"}


class AdvancedSection(QWidget):
    """Holds the rows that are rarely needed.

    Args:
        rows: The rows, in order; they are grouped by the first part of their dotted names.
        parent: Qt owner.
    """

    def __init__(self, rows: list[FieldRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("advanced_section")
        self._rows = rows
        self._headings: dict[str, QLabel] = {}
        self.toggle = QToolButton(self)
        self.toggle.setObjectName("advanced_toggle")
        self.toggle.setCheckable(True)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.toggled.connect(self._on_toggled)
        set_role(self.toggle, "fold")
        self.search = QLineEdit(self, placeholderText="Search settings", clearButtonEnabled=True)
        self.search.setObjectName("advanced_search")
        self.search.setAccessibleName("Search advanced settings")
        self.search.textChanged.connect(self._on_search)
        self._nothing = PlainLabel("No setting matches. Clear the search to see all.", self)
        set_role(self._nothing, "small")
        self._body = QWidget(self)
        self._lay_out()
        self._on_toggled(False)
        self.show_marks()

    def show_marks(self) -> None:
        """Say in the folded line how many settings are inside, changed and wrong."""
        changed = sum(row.is_changed for row in self._rows)
        wrong = sum(bool(row.error) for row in self._rows)
        parts = [f"Advanced ({len(self._rows)})"]
        parts += [f"{changed} changed"] if changed else []
        parts += [f"{wrong} to correct"] if wrong else []
        self.toggle.setText(" · ".join(parts))
        self.setVisible(bool(self._rows))

    def reveal(self, row: FieldRow) -> None:
        """Unfold if the row is in here."""
        if row in self._rows:
            self.search.clear()
            self.toggle.setChecked(True)

    def _lay_out(self) -> None:
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(8)
        body.addWidget(self.search)
        body.addWidget(self._nothing)
        self._nothing.hide()
        for group, rows in self._groups().items():
            heading = PlainLabel(GROUP_TITLES.get(group, group.capitalize()), self._body)
            set_role(heading, "group")
            self._headings[group] = heading
            body.addWidget(heading)
            for row in rows:
                body.addWidget(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.toggle)
        layout.addWidget(self._body)

    def _groups(self) -> dict[str, list[FieldRow]]:
        groups: dict[str, list[FieldRow]] = {}
        for row in self._rows:
            groups.setdefault(row.field.path.split(".")[0], []).append(row)
        return groups

    def _on_toggled(self, is_open: bool) -> None:
        self.toggle.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._body.setVisible(is_open)

    def _on_search(self, text: str) -> None:
        words = text.lower().split()
        for group, rows in self._groups().items():
            for row in rows:
                row.setVisible(row.matches(words))
            self._headings[group].setVisible(any(row.matches(words) for row in rows))
        self._nothing.setVisible(not any(row.matches(words) for row in self._rows))
