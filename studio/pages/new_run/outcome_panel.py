"""The third column: what will happen, and the two buttons that make it happen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from studio import theme
from studio.context import StudioContext
from studio.pages.new_run import estimate
from studio.pages.new_run.draft import Checked
from studio.pages.new_run.preview_panel import PreviewPanel
from studio.pages.new_run.problem_list import ProblemList
from studio.pages.new_run.schedule_chart import ScheduleChart
from studio.widgets.buttons import make_button
from studio.widgets.fidelity_list import FidelityList
from studio.widgets.labels import make_label


class OutcomePanel(QWidget):
    """Preview, learning rate, cost and problems over a foot with the name and the buttons.

    Args:
        context: Store, catalogue and inspector.
        parent: Qt owner.
    """

    start_pressed = Signal()
    queue_pressed = Signal()

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outcome_panel")
        self._context = context
        self.preview = PreviewPanel(context.inspector, self)
        self.problems = ProblemList(self)
        self.schedule = ScheduleChart(self)
        self.preview.curves_known.connect(self.schedule.show_curves)
        self.fidelity = FidelityList(self)
        facts = ("length", "rate", "time", "disk")
        self._facts = {name: make_label("", f"estimate.{name}", wraps=True) for name in facts}
        self.name = QLineEdit(self)
        self.name.setObjectName("run_name")
        self.name.setAccessibleName("Name of the run")
        self.queue = make_button("Add to queue", "add_to_queue", self.queue_pressed.emit, icon="queue")
        self.start = make_button("Start", "start_run", self.start_pressed.emit, icon="play", role="primary")
        self.start.setShortcut(QKeySequence("Ctrl+Return"))
        self.start.setToolTip("Start the run and watch it (Ctrl+Enter)")
        self.ahead = make_label("", "runs_ahead", "small", wraps=True)
        self._lay_out()

    def show_checked(self, checked: Checked, num_pictures: int) -> None:
        """Show what the draft would do."""
        self.problems.show_problems(checked.problems)
        for button in (self.start, self.queue):
            button.setEnabled(checked.can_start)
        self._show_estimate(checked)
        self._show_preview(checked, num_pictures)
        self.fidelity.show_recipe(checked.recipe)

    def show_ahead(self, sentence: str) -> None:
        """Say what the run would wait for; nothing when it would start at once."""
        self.ahead.setText(sentence)
        self.ahead.setVisible(bool(sentence))

    def _show_estimate(self, checked: Checked) -> None:
        lines = dict.fromkeys(self._facts, "")
        plan, recipe = checked.plan, checked.recipe
        if plan is not None and recipe is not None:
            lines["length"] = estimate.length_line(plan)
            lines["rate"] = estimate.rate_line(plan)
            lines["time"] = estimate.time_line(plan, estimate.like_speed(self._context.store, recipe))
            lines["disk"] = estimate.disk_line(recipe, self._context.catalogue)
        for name, label in self._facts.items():
            label.setText(lines[name])
            label.setVisible(bool(lines[name]))
        self._facts_heading.setVisible(bool(lines["length"]))
        self.schedule.show_plan(plan)

    def _show_preview(self, checked: Checked, num_pictures: int) -> None:
        if checked.recipe is None:
            self.preview.show_nothing("The preview waits for settings that can be used.")
        elif not num_pictures:
            self.preview.show_nothing("Choose pictures to see what the method makes of them.")
        elif any(
            problem.level == "error" and problem.field.startswith("encoder.") for problem in checked.problems
        ):
            self.preview.show_nothing("The preview waits for an image size and a patch size that fit.")
        else:
            facts = checked.facts
            self.preview.show_recipe(checked.recipe, num_pictures, facts.num_train if facts else None)

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("scroll_content")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(make_label("Preview", "preview_heading", "section"))
        column.addWidget(self.preview)
        column.addSpacing(8)
        column.addWidget(make_label("Problems", "problems_heading", "section"))
        column.addWidget(self.problems)
        column.addSpacing(8)
        self._facts_heading = make_label("What it takes", "estimate_heading", "section")
        column.addWidget(self._facts_heading)
        for label in self._facts.values():
            column.addWidget(label)
        column.addSpacing(8)
        column.addWidget(self.schedule)
        column.addSpacing(8)
        column.addWidget(self.fidelity)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(content)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._make_foot())

    def _make_foot(self) -> QWidget:
        foot = QFrame()
        theme.set_role(foot, "card")
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
        column = QVBoxLayout(foot)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(name_row)
        column.addWidget(self.ahead)
        column.addLayout(buttons)
        self.ahead.hide()
        return foot
