"""The third column: what will happen, and the two buttons that make it happen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from studio.context import StudioContext
from studio.pages.new_run import estimate
from studio.pages.new_run.draft import SCANNING, Checked
from studio.pages.new_run.preview_panel import PreviewPanel
from studio.pages.new_run.problem_list import ProblemList
from studio.pages.new_run.schedule_chart import ScheduleChart
from studio.pages.new_run.start_foot import StartFoot
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
        self.foot = StartFoot()
        self.name, self.queue, self.start = self.foot.name, self.foot.queue, self.foot.start
        self.ahead = self.foot.ahead
        self.foot.start_pressed.connect(self.start_pressed)
        self.foot.queue_pressed.connect(self.queue_pressed)
        self._lay_out()

    def show_checked(self, checked: Checked, num_pictures: int) -> None:
        """Show what the draft would do."""
        self.problems.show_problems(checked.problems)
        for button in (self.start, self.queue):
            button.setEnabled(checked.can_start)
        self._show_estimate(checked)
        self._show_preview(checked, num_pictures)
        self.fidelity.show_recipe(checked.recipe)

    def take_foot(self) -> None:
        """Take the foot below the column."""
        self._column.addWidget(self.foot)

    def _show_estimate(self, checked: Checked) -> None:
        lines = dict.fromkeys(self._facts, "")
        plan, recipe = checked.plan, checked.recipe
        if plan is not None and recipe is not None:
            lines["length"] = estimate.length_line(plan)
            lines["rate"] = estimate.rate_line(plan)
            lines["time"] = estimate.time_line(plan, estimate.like_speed(self._context.store, recipe))
            lines["disk"] = estimate.disk_line(recipe, plan)
        for name, label in self._facts.items():
            label.setText(lines[name])
            label.setVisible(bool(lines[name]))
        self._facts_heading.setVisible(bool(lines["length"]))
        self.schedule.show_plan(plan)

    def _show_preview(self, checked: Checked, num_pictures: int) -> None:
        if checked.recipe is None:
            self.preview.show_nothing("The preview waits for settings that can be used.")
        elif SCANNING in checked.problems:
            self.preview.show_nothing("The preview waits for the scan.")
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
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(scroll, 1)
        self.take_foot()
