"""A form made from declared fields: essentials first, the rest folded, searchable and grouped.

The form knows types, bounds and sources; it knows no method and no field by name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.declared import FieldEntry, Problem
from studio.forms.advanced_section import AdvancedSection
from studio.forms.editors import Options
from studio.forms.field_row import FieldRow
from studio.theme import set_role
from studio.widgets.labels import PlainLabel

MOST_ESSENTIALS = 8


class SettingsForm(QWidget):
    """Edits the values of declared fields.

    Args:
        fields: What can be edited, in order.
        options: Dotted name -> (value -> label) where the surroundings know what can be chosen.
        hidden: Dotted names that something else on the page edits.
        parent: Qt owner.
    """

    edited = Signal()
    settled = Signal()

    def __init__(
        self,
        fields: Sequence[FieldEntry],
        *,
        options: Mapping[str, Options] | None = None,
        hidden: Iterable[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("settings_form")
        left_out = set(hidden)
        shown = [field for field in fields if field.path not in left_out]
        self.rows = {field.path: FieldRow(field, (options or {}).get(field.path), self) for field in shown}
        essentials = [field.path for field in shown if field.essential][:MOST_ESSENTIALS]
        self._essentials = [self.rows[path] for path in essentials]
        self._advanced = AdvancedSection(
            [row for path, row in self.rows.items() if path not in essentials], self
        )
        self._lay_out(self._essentials)
        for row in self.rows.values():
            row.edited.connect(self.edited)
            row.settled.connect(self._on_settled)
        self._on_settled()

    def prepare(self) -> Iterator[None]:
        """Build the rows that are seen first, one a turn, where the form is shown only later."""
        for row in self._essentials:
            _ = row.editor
            yield

    def values(self) -> dict[str, Any]:
        """Return every value that can be used; fields in error are left out (see ``errors``)."""
        return {path: row.value() for path, row in self.rows.items() if not row.error}

    def changes(self) -> dict[str, Any]:
        """Return the usable values that the person chose over the default or the preset's."""
        return {path: row.value() for path, row in self.rows.items() if row.is_own and not row.error}

    def errors(self) -> dict[str, str]:
        """Return dotted name -> sentence for what is typed but cannot be used."""
        return {path: row.error for path, row in self.rows.items() if row.error}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values; names the form does not have are ignored."""
        for path, value in values.items():
            if path in self.rows:
                self.rows[path].set_value(value)
        self._on_settled()

    def set_base(self, values: Mapping[str, Any], sources: Mapping[str, str] | None = None) -> None:
        """Set what counts as unchanged: the declared defaults, with a preset's values over them.

        Args:
            values: Dotted name -> value; a field that is not named goes back to its declared default.
            sources: Dotted name -> where the value comes from.
        """
        for path, row in self.rows.items():
            source = (sources or {}).get(path, row.field.source)
            row.set_base(values.get(path, row.field.default), source if path in values else row.field.source)
        self._on_settled()

    def rebase(self, values: Mapping[str, Any], sources: Mapping[str, str]) -> None:
        """Show the same preset for another data set: what the person chose stays, all else follows.

        Says nothing of it: the surroundings asked for it and know.
        """
        was_blocked = self.blockSignals(True)
        for path, value in values.items():
            if path in self.rows:
                self.rows[path].rebase(value, sources[path])
        self._advanced.show_marks()
        self.blockSignals(was_blocked)

    def keep(self, paths: Iterable[str]) -> None:
        """Take values as the person's own, so that no other data set moves them."""
        for path in paths:
            if path in self.rows:
                self.rows[path].keep()

    def start_from(self, values: Mapping[str, Any], sources: Mapping[str, str]) -> None:
        """Show a preset: its values count as unchanged, and every change is taken back."""
        was_blocked = self.blockSignals(True)
        self.set_base(values, sources)
        self.reset()
        self.blockSignals(was_blocked)
        self._on_settled()

    def reset(self) -> None:
        """Take every change back, also of what is typed and cannot be used."""
        for row in self.rows.values():
            row.reset()
        self._on_settled()

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Put each problem under its field; the first one of a field wins, errors before warnings."""
        found: dict[str, Problem] = {}
        for problem in sorted(problems, key=lambda problem: problem.level != "error"):
            found.setdefault(problem.field, problem)
        for path, row in self.rows.items():
            if path in found:
                row.set_problem(found[path].message, found[path].level)
            else:
                row.set_problem("")
        self._advanced.show_marks()

    def show_field(self, path: str) -> None:
        """Unfold to a field and give it the focus."""
        if path in self.rows:
            self._advanced.reveal(self.rows[path])
            self.rows[path].editor.setFocus()

    def _lay_out(self, essentials: list[FieldRow]) -> None:
        heading = PlainLabel("Essentials", self)
        set_role(heading, "section")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(heading)
        for row in essentials:
            layout.addWidget(row)
        layout.addSpacing(8)
        layout.addWidget(self._advanced)
        layout.addStretch(1)

    def _on_settled(self) -> None:
        self._advanced.show_marks()
        self.settled.emit()
