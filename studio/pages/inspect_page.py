"""Inspect: what a run's network makes of a picture, at any of its checkpoints and in any way that fits it."""

from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from engine.imported_settings import IMPORTED
from engine.store import Run, list_artifacts, list_runs
from studio import wording
from studio.context import StudioContext
from studio.live.inspector import Reply
from studio.pages.inspect.checkpoint_slider import CheckpointSlider
from studio.pages.inspect.look_panel import LookPanel
from studio.pages.inspect.picture_chooser import PictureChooser
from studio.pages.inspect.viewer_tabs import ViewerTabs
from studio.pages.page import Page
from studio.viewers.picture_strip import CELL_PX, height_of
from studio.widgets.choice_box import ChoiceBox
from studio.widgets.empty_state import EmptyState
from studio.widgets.labels import make_label
from studio.widgets.plain_text import shown

LANE = "inspect.look"
CHECKPOINT = "checkpoint"
KINDS = ("pretrain", IMPORTED)
"""Kinds of runs that have a network to look into."""
MOST_ROWS = 4
LOW = 480


class InspectPage(Page):
    """Run and checkpoint above, pictures in the middle, the data set's strip below.

    Args:
        context: Store, signals and inspector.
    """

    name: ClassVar[str] = "inspect"
    title: ClassVar[str] = "Inspect"
    icon: ClassVar[str] = "inspect"
    order: ClassVar[int] = 50

    def __init__(self, context: StudioContext) -> None:
        super().__init__(context)
        self.setAcceptDrops(True)
        self._runs: dict[int, Run] = {}
        self._lines: dict[int, str] = {}
        self._shown_run: int | None = None
        self.run_box = ChoiceBox(self)
        self.run_box.setObjectName("inspect_run")
        self.run_box.setAccessibleName("Run")
        self.run_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.run_box.setMinimumContentsLength(12)
        self.checkpoints = CheckpointSlider(self)
        self.tabs = ViewerTabs(self._ask, self)
        self.pictures = PictureChooser(context.inspector, self)
        self._no_runs = EmptyState(
            "inspect",
            "No runs yet. Start one, and what it learns can be looked at here.",
            "inspect_no_runs",
            ("New run", lambda: context.navigate("new_run", {})),
        )
        self._no_checkpoint = EmptyState(
            "clock", "", "inspect_no_checkpoint", ("Open the run", self._open_run)
        )
        self._no_viewer = EmptyState("inspect", "", "inspect_no_viewer", ("Open the run", self._open_run))
        self._stack = QStackedWidget(self)
        self._share_soon = QTimer(self)
        self._share_soon.setSingleShot(True)
        self._share_soon.setInterval(0)
        self._share_soon.timeout.connect(self._share_height)
        self._lay_out()
        self._connect()
        self._refresh_runs()

    @override
    def show_with(self, **arguments: object) -> None:
        """Open on a run.

        Args:
            arguments: ``run_id`` (int; the run that was opened last by default), ``artifact_id`` (int), ``viewer``
                (str, such as "attention"), ``picture`` (str, a file).
        """
        self._refresh_runs()
        wanted = self.run_box.findData(arguments.get("run_id", self.context.opened_run))
        if wanted >= 0:
            self.run_box.setCurrentIndex(wanted)
            self._remember_run()
        self._show_checkpoints()
        if "viewer" in arguments:
            self.tabs.choose(str(arguments["viewer"]))
        if "artifact_id" in arguments:
            self.checkpoints.choose(int(str(arguments["artifact_id"])))
        if "picture" in arguments:
            self.pictures.choose_own(Path(str(arguments["picture"])))

    @property
    def run(self) -> Run | None:
        """The run that is looked into."""
        return self._runs.get(self.run_box.currentData())

    @property
    def look(self) -> LookPanel:
        """The viewer that is open, with what belongs to it."""
        return self.tabs.current

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take picture files."""
        if any(Path(url.toLocalFile()).is_file() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Look at the dropped picture."""
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls()]
        event.acceptProposedAction()
        self.pictures.choose_own(next(file for file in files if file.is_file()))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height anew, as soon as the parts of the page have their own."""
        super().resizeEvent(event)
        self.pictures.set_low(self.height() < LOW)
        self._share_soon.start()

    def _share_height(self) -> None:
        """Give the strip the rows that would stay empty below the pictures."""
        grid, strip = self.look.viewer.grid, self.pictures.strip
        if self.height() < LOW:
            strip.set_rows(1)
            return
        height_with_one_row = grid.height() - self.look.hidden_height + strip.height() - height_of(1)
        spare = int(grid.unused_height(height_with_one_row) // CELL_PX)
        strip.set_rows(min(1 + max(spare, 0), MOST_ROWS))

    def _connect(self) -> None:
        watch = self.context.watch
        watch.runs_changed.connect(self._on_runs_changed)
        watch.artifacts_changed.connect(self._on_artifacts_changed)
        self.run_box.currentIndexChanged.connect(self._on_run)
        self.checkpoints.chosen.connect(self._ask)
        self.run_box.activated.connect(lambda _index: self._remember_run())
        self.pictures.chosen.connect(self._ask)
        self.tabs.opened.connect(self._on_tab)
        self.tabs.rearranged.connect(self._share_soon.start)
        self.tabs.failed.connect(lambda sentence: self.context.toast(sentence, "bad"))

    def _refresh_runs(self) -> None:
        """Read the runs anew; the chosen one stays chosen."""
        runs = [run for run in list_runs(self.context.store) if run.kind in KINDS]
        self._runs = {run.id: run for run in runs}
        lines = {
            run.id: shown(f"{wording.shortened(run.name)} · run {run.id} · {run.status.value}")
            for run in runs
        }
        if lines != self._lines:
            self._lines = lines
            self._fill_run_box()
        if self.run_box.currentData() != self._shown_run or not runs:
            self._on_run()

    def _fill_run_box(self) -> None:
        chosen = self.run_box.currentData()
        self.run_box.blockSignals(True)
        self.run_box.clear()
        for run_id, line in self._lines.items():
            self.run_box.addItem(line, run_id)
        index = self.run_box.findData(chosen if chosen in self._lines else self._usual_run())
        self.run_box.setCurrentIndex(max(index, 0) if self._lines else -1)
        self.run_box.blockSignals(False)

    def _usual_run(self) -> int | None:
        """The newest run that can be looked into."""
        return next(
            (run_id for run_id in self._lines if list_artifacts(self.context.store, run_id, CHECKPOINT)), None
        )

    def _on_runs_changed(self) -> None:
        # Out of sight nothing is kept up to date: the page reads everything anew when it is opened.
        if self.isVisible():
            self._refresh_runs()

    def _on_run(self) -> None:
        run = self.run
        self._shown_run = run.id if run else None
        self._head.setVisible(run is not None)
        self.tabs.clear()
        for name in self.tabs.names:
            self.context.inspector.cancel(f"{LANE}.{name}")
        if run is None:
            self._stack.setCurrentWidget(self._no_runs)
            return
        self.tabs.show_run(run, self.context.catalogue)
        self.checkpoints.blockSignals(True)
        self.checkpoints.show_checkpoints([])
        self.checkpoints.blockSignals(False)
        self._show_checkpoints()

    def _on_artifacts_changed(self, run_id: int) -> None:
        if self.isVisible() and self.run is not None and self.run.id == run_id:
            self._show_checkpoints()

    def _show_checkpoints(self) -> None:
        run = self.run
        if run is None:
            return
        checkpoints = list_artifacts(self.context.store, run.id, CHECKPOINT)
        self.checkpoints.setVisible(self.tabs.has_fitting)
        if not self.tabs.has_fitting:
            self._no_viewer.say(f"'{run.name}' cannot be looked into: {self.tabs.needs}.")
            self._stack.setCurrentWidget(self._no_viewer)
            return
        if checkpoints:
            self._stack.setCurrentWidget(self._bench)
            self.pictures.show_data(run.recipe.get("data", {}))
        else:
            self._no_checkpoint.say(
                f"'{run.name}' has no checkpoint yet. Save one on its page, or wait for its first."
            )
            self._stack.setCurrentWidget(self._no_checkpoint)
        self.checkpoints.show_checkpoints(checkpoints)

    def _ask(self) -> None:
        """Ask for what is chosen now; an earlier question that is still open is forgotten."""
        question = self._question()
        if question is None:
            return
        is_first = not self.context.inspector.is_ready
        panel = self.look
        panel.show_waiting(
            question, "Starting the inspector: it loads torch once, then looks are quick." if is_first else ""
        )
        viewer = panel.viewer
        self.context.inspector.request(
            f"{LANE}.{viewer.name}", viewer.operation, partial(self._on_reply, panel), **question
        )

    def _question(self) -> dict[str, Any] | None:
        """What the open viewer wants to know now; None while there is nothing to look at."""
        run, checkpoint = self.run, self.checkpoints.current
        if run is None or checkpoint is None or not self.tabs.has_fitting:
            return None
        asked = {"run": run.id, "artifact": checkpoint.id, "picture": self.pictures.picture}
        return {**asked, **self.look.viewer.request()}

    def _on_reply(self, panel: LookPanel, reply: Reply) -> None:
        panel.show_reply(reply)
        self._share_soon.start()

    def _on_tab(self) -> None:
        """Ask for what the viewer that was opened does not show yet."""
        if self._question() != self.look.asked:
            self._ask()
        self._share_soon.start()

    def _remember_run(self) -> None:
        """Let other pages open on this run too."""
        self.context.opened_run = self.run.id if self.run else None

    def _open_run(self) -> None:
        if self.run is not None:
            self.context.navigate("run", {"run_id": self.run.id})

    def _lay_out(self) -> None:
        self._bench = QWidget()
        bench = QVBoxLayout(self._bench)
        bench.setContentsMargins(0, 0, 0, 0)
        bench.setSpacing(8)
        bench.addWidget(self.tabs, 1)
        bench.addWidget(self.pictures)
        for widget in (self._no_runs, self._no_checkpoint, self._no_viewer, self._bench):
            self._stack.addWidget(widget)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(16)
        head.addWidget(make_label("Run", "inspect_run_title", "muted"))
        head.addWidget(self.run_box, 2)
        head.addWidget(self.checkpoints, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 8, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(self._head)
        layout.addWidget(self._stack, 1)
