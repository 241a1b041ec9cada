"""What keeps a run from starting, and what is doubtful: a sentence each, with a button that mends it where one can."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.declared import Problem
from studio.widgets.buttons import make_button
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label
from studio.widgets.removal import retire


class ProblemList(QWidget):
    """Shows problems, or that there are none.

    Args:
        parent: Qt owner.
    """

    fix_pressed = Signal(object)
    show_pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problem_list")
        self.setAccessibleName("Problems")
        self._problems: list[Problem] | None = None
        self._lines: list[QWidget] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)

    def show_problems(self, problems: list[Problem]) -> None:
        """Show problems in the order given."""
        if problems == self._problems:
            return
        self._problems = problems
        removed = self._lines
        self._lines = [self._row(number, problem) for number, problem in enumerate(problems)]
        self._lines = self._lines or [self._all_well()]
        for line in self._lines:
            self._layout.addWidget(line)
        retire(removed)

    def _all_well(self) -> QWidget:
        return _line(IconLabel("good", "Good", "good"), make_label("No problems found.", "no_problems"), [])

    def _row(self, number: int, problem: Problem) -> QWidget:
        is_error = problem.level == "error"
        icon = IconLabel(*(("error", "Error", "bad") if is_error else ("warning", "Warning", "warn")))
        label = make_label(f"{problem.message} {problem.fix}".strip(), f"problem.{number}", wraps=True)
        buttons: list[QWidget] = []
        if problem.suggestion is not None:
            tip = f"Set it to {problem.suggestion}"
            buttons.append(
                make_button("Fix", f"fix.{problem.field}", lambda: self.fix_pressed.emit(problem), tip=tip)
            )
        elif problem.field:
            name = f"show.{problem.field}"
            buttons.append(
                make_button("Show", name, lambda: self.show_pressed.emit(problem.field), role="quiet")
            )
        return _line(icon, label, buttons)


def _line(icon: QWidget, label: QWidget, buttons: list[QWidget]) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label, 1)
    for button in buttons:
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
    return line
