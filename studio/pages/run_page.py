"""Run: one run from close by. Curves, log, alarms, details, and everything that can be done with it."""

from typing import ClassVar

from PySide6.QtWidgets import (
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from engine.errors import StoreError
from engine.store import Event, Run, get_run, list_runs
from studio.context import StudioContext
from studio.live.run_actions import Action
from studio.live.starting_point import changes_to_start_from
from studio.pages.page import Page
from studio.pages.run.alarms_panel import AlarmsPanel
from studio.pages.run.bench import Bench
from studio.pages.run.charts_panel import ChartsPanel
from studio.pages.run.controls import RunControls
from studio.pages.run.details_panel import DetailsPanel
from studio.pages.run.header_card import HeaderCard
from studio.pages.run.log_panel import LogPanel
from studio.pages.run.run_chooser import RunChooser
from studio.pages.run.run_read import RunRead, read_run, series_of
from studio.pages.run.takeout import Takeout
from studio.pages.run_control import asked_words, control
from studio.widgets.empty_state import EmptyState

MOST_LISTED = 100


class RunPage(Page):
    """Shows the run that was asked for, else the one that trains, else the newest."""

    name: ClassVar[str] = "run"
    title: ClassVar[str] = "Run"
    icon: ClassVar[str] = "run"
    order: ClassVar[int] = 40

    def __init__(self, context: StudioContext) -> None:
        super().__init__(context)
        self._run: Run | None = None
        self._wishes: list[int | None] = []
        self._is_opening = False
        self._asked: tuple[str, object] = ("", None)
        self._build()
        self._takeout = Takeout(context, self)
        watch = context.watch
        watch.runs_changed.connect(self._on_runs_changed)
        watch.run_changed.connect(self._on_run_changed)
        watch.metrics_changed.connect(self._on_metrics_changed)
        watch.events_added.connect(self._on_events_added)

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self._run

    @override
    def show_with(self, **arguments: object) -> None:
        """Show a run.

        Args:
            arguments: ``run_id`` chooses the run; ``show`` is "log", "alarms", "details" or "system".
        """
        run_id = arguments.get("run_id")
        self._list_runs()
        self._open(run_id if isinstance(run_id, int) else self._usual_run())
        show = str(arguments.get("show", ""))
        if show == "system":
            self.bench.open(self.charts)
            self.charts.show_chart("system_chart")
        elif panel := {"log": self.log, "alarms": self.alarms, "details": self.details}.get(show):
            self.bench.open(panel)

    @override
    def say_times(self) -> None:
        if self._run is not None:
            self.header.show_run(self._run)
            self.alarms.follow_run(self._run)

    @override
    def header_actions(self) -> list[QWidget]:
        return [self.chooser, *self.controls.widgets()]

    def act(self, action: Action) -> None:
        """Do what a button says."""
        if self._run is None:
            return
        if action is Action.START_FROM:
            self.context.navigate("new_run", {"changes": changes_to_start_from(self._run)})
            return
        if action is Action.LOOK:
            self.context.navigate("inspect", {"run_id": self._run.id})
            return
        if action in (Action.EXPORT, Action.EMBED):
            take = self._takeout.export if action is Action.EXPORT else self._takeout.embed
            take(self._run)
            return
        # Set first: when the row already shows the change, looking at the store clears it again.
        self._asked = (asked_words(action), _state(self._run))
        self.header.say_asked(self._asked[0])
        made = control(self.context, self._run.id, action)
        if made is not None:
            self._open(made.id)

    def _build(self) -> None:
        self.chooser = RunChooser()
        self.chooser.run_chosen.connect(self._open)
        self.controls = RunControls(self.act)
        self.header = HeaderCard(self.context, self.act)
        self.charts = ChartsPanel(self.context)
        self.log = LogPanel()
        self.alarms = AlarmsPanel(self.context)
        self.details = DetailsPanel(self.context)
        panels: dict[str, QWidget] = {"Log": self.log, "Alarms": self.alarms, "Details": self.details}
        self.bench = Bench(self.charts, panels)
        self.tabs = self.bench.tabs
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(24, 8, 24, 8)
        column.setSpacing(12)
        column.addWidget(self.header)
        column.addWidget(self.bench, 1)
        self._empty = EmptyState(
            "run",
            "No runs yet. Start one on your pictures or on the built-in ones.",
            "run_empty",
            ("New run", lambda: self.context.navigate("new_run", {})),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(shown)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def _usual_run(self) -> int | None:
        """The run that was opened last, here or on another page, else one that trains, else the newest."""
        runs = self.context.watch.runs
        if self.context.opened_run in self._listed:
            return self.context.opened_run
        training = [run.id for run in runs.values() if run.is_active]
        return max(training, default=max(self._listed, default=None))

    def _list_runs(self) -> None:
        runs = list_runs(self.context.store, limit=MOST_LISTED)
        self._listed = [run.id for run in runs]
        self.chooser.show_runs(runs, self._run.id if self._run is not None else None)

    def _open(self, run_id: int | None) -> None:
        """Show a run from the start. Asked again while it does so, by what moves on screen, the last wish counts."""
        self._wishes.append(run_id)
        if self._is_opening:
            return
        self._is_opening = True
        try:
            while self._wishes:
                wanted = self._wishes[-1]
                self._wishes.clear()
                self._open_whole(wanted)
        finally:
            self._is_opening = False

    def _open_whole(self, run_id: int | None) -> None:
        """Read everything first, then show it in every part; a run that cannot be read changes nothing on screen."""
        if run_id is None:
            self._show_nothing()
            return
        try:
            read = read_run(self.context.store, run_id)
        except StoreError as error:
            self.context.toast(str(error), "bad")
            self.chooser.mark(self._run.id if self._run is not None else None)
            return
        try:
            self._show_read(read)
        except BaseException:
            self._show_nothing()  # rather than the header of one run over the curves of another
            raise

    def _show_nothing(self) -> None:
        self._run = None
        self.controls.show_run(None)
        self._stack.setCurrentIndex(0)

    def _show_read(self, read: RunRead) -> None:
        run, before = read.run, self._run
        # Nothing that happens meanwhile is of the run that goes, nor yet of the one that comes.
        self._run = None
        if before is None or before.id != run.id:
            self._asked = ("", None)
        self.context.opened_run = run.id
        self.log.show_events(read.events)
        self.alarms.show_run(run, read.events)
        self.charts.show_run(run, read.series)
        self.header.show_series(read.series)
        self._show(run)
        self.chooser.mark(run.id)
        self._stack.setCurrentIndex(1)

    def _show(self, run: Run) -> None:
        """Show the row; everything enabled follows from it."""
        self._run = run
        self.header.show_run(run)
        self.controls.show_run(run)
        self.details.show_run(run)
        self.alarms.follow_run(run)
        self.charts.follow_run(run)
        self._show_alarm_count()
        if self._asked[1] != _state(run):
            self._asked = ("", None)
        self.header.say_asked(self._asked[0])

    def _show_alarm_count(self) -> None:
        number = self.alarms.number
        self.tabs.setTabText(self.tabs.indexOf(self.alarms), f"Alarms ({number})" if number else "Alarms")

    def _on_runs_changed(self) -> None:
        if not self.isVisible():
            return
        self._list_runs()
        if self._run is None:
            self._open(self._usual_run())
        elif self._run.id not in self._listed:
            self._run = None
            self._open(self._usual_run())
        else:
            self._on_run_changed(self._run.id)

    def _on_run_changed(self, run_id: int) -> None:
        if self._run is not None and run_id == self._run.id and self.isVisible():
            self._show(self.context.watch.runs.get(run_id) or get_run(self.context.store, run_id))

    def _on_metrics_changed(self, run_id: int) -> None:
        if self._run is not None and run_id == self._run.id and self.isVisible():
            try:
                series = series_of(self.context.store, run_id)
            except StoreError:
                return  # the watch tells the trouble itself, and calls again when it is over
            # One reading for both: header and legends say the same values of the same steps.
            self.header.show_series(series)
            self.charts.follow_series(series)

    def _on_events_added(self, events: list[Event]) -> None:
        mine = [event for event in events if self._run is not None and event.run_id == self._run.id]
        if mine:
            self.log.add(mine)
            self.alarms.add(mine)
            self._show_alarm_count()


def _state(run: Run) -> object:
    """What an answered request changes in a row."""
    return (run.id, run.status, run.pid is None, run.resumes)
