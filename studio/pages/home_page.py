"""Home: what trains now, what comes next, what could go on, and how to begin."""

from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from engine.store import Run, RunStatus
from studio.context import StudioContext
from studio.pages.home.queue_card import QueueCard
from studio.pages.home.recent_card import RecentCard
from studio.pages.home.resume_card import ResumeCard
from studio.pages.home.running_card import RunningCard
from studio.pages.home.start_panel import StartPanel
from studio.pages.page import Page
from studio.widgets.buttons import make_button
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.removal import retire

PANEL_WIDTH = 300
NARROW = 840
WIDEST = (1 << 24) - 1  # no bound, as Qt has it


class HomePage(Page):
    """The first page. Everything on it is read from the store's rows and follows them."""

    name: ClassVar[str] = "home"
    title: ClassVar[str] = "Home"
    icon: ClassVar[str] = "home"
    order: ClassVar[int] = 10

    def __init__(self, context: StudioContext) -> None:
        super().__init__(context)
        self._running: dict[int, RunningCard] = {}
        self._build()
        watch = context.watch
        watch.runs_changed.connect(self._on_runs_changed)
        watch.run_changed.connect(self._on_run_changed)
        watch.metrics_changed.connect(self._on_metrics_changed)

    @override
    def show_with(self, **arguments: object) -> None:
        self.refresh()

    @override
    def header_actions(self) -> list[QWidget]:
        new = make_button("New run", "home_new_run", lambda: self.context.navigate("new_run", {}), icon="new")
        return [new]

    @override
    def say_times(self) -> None:
        self.recent.say_times()
        self.resume.refresh()

    def refresh(self) -> None:
        """Read every list anew."""
        self._refresh_running()
        self.resume.setVisible(bool(self.resume.refresh()))
        self.queue.setVisible(bool(self.queue.refresh()))
        is_first_time = not self.context.watch.runs
        self.recent.setVisible(bool(self.recent.refresh()))
        self.empty.setVisible(is_first_time)
        self.start.emphasise(is_first_time)

    def _build(self) -> None:
        content = QWidget()
        content.setObjectName("scroll_content")
        self._row = row = QHBoxLayout(content)
        row.setContentsMargins(24, 8, 24, 24)
        row.setSpacing(16)
        self._column = QVBoxLayout()
        self._column.setSpacing(16)
        self.resume = ResumeCard(self.context)
        self.queue = QueueCard(self.context)
        self.recent = RecentCard(self.context)
        self.empty = Card("", "home_empty")
        self.empty.body.addWidget(
            EmptyState(
                "layers",
                "No runs yet. Try the built-in data, or drop a folder of pictures.",
                "home_empty_state",
            )
        )
        self.empty.setMinimumHeight(280)
        for card in (self.resume, self.queue, self.recent, self.empty):
            self._column.addWidget(card)
        # While there is nothing else, the empty state takes the whole height.
        self._column.setStretchFactor(self.empty, 100)
        self._column.addStretch(1)
        row.addLayout(self._column, 1)
        self.start = StartPanel(self.context)
        row.addWidget(self.start)
        area = QScrollArea()
        area.setObjectName("home_scroll")
        area.setAccessibleName("Home")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)
        self._rearrange()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rearrange()

    def _rearrange(self) -> None:
        """Put the ways to begin beside the runs, in a narrow window below them."""
        is_narrow = self.width() < NARROW
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._row.setDirection(down if is_narrow else across)
        self.start.setMinimumWidth(0 if is_narrow else PANEL_WIDTH)
        self.start.setMaximumWidth(WIDEST if is_narrow else PANEL_WIDTH)

    def _refresh_running(self) -> None:
        """One card for each run that a worker holds; a lost one is offered below instead."""
        held = {run.id: run for run in self.context.watch.runs.values() if _is_held(run)}
        removed = [self._running.pop(run_id) for run_id in set(self._running) - set(held)]
        for place, run in enumerate(sorted(held.values(), key=lambda run: run.id)):
            if run.id not in self._running:
                self._running[run.id] = RunningCard(self.context, run)
                self._column.insertWidget(place, self._running[run.id])
            self._running[run.id].show_run(run)
        retire(removed)

    def _on_runs_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _on_run_changed(self, run_id: int) -> None:
        if run_id in self._running and self.isVisible():
            self._running[run_id].show_run(self.context.watch.runs[run_id])

    def _on_metrics_changed(self, run_id: int) -> None:
        if run_id in self._running and self.isVisible():
            card = self._running[run_id]
            card.show_metrics()
            self.recent.show_values(run_id, card.series)


def _is_held(run: Run) -> bool:
    return run.is_active and not run.is_lost and run.status is not RunStatus.QUEUED
