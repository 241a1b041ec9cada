"""The bar at the foot of the window: always true, and each part leads to the page behind it."""

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from engine.errors import StoreError
from engine.store import Event, Level, events_after
from studio import theme, wording
from studio.context import StudioContext
from studio.live.engine_words import EngineState, engine_state
from studio.live.system_watch import SystemLoad, SystemWatch

LOOK_MILLISECONDS = 1000
_ICONS = {"": "gauge", "good": "play", "warn": "warning", "bad": "error"}
_TOKENS = {"": "muted", "good": "good", "warn": "warn", "bad": "bad"}
ALARMING = (Level.ALARM, Level.ERROR)


class StatusBar(QFrame):
    """Engine, system, alarms.

    Args:
        context: Where the rows come from.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._state = EngineState("Engine idle")
        self._alarms: dict[int, int] = {}
        self._trouble = ""
        self.setObjectName("status_bar")
        self.setAccessibleName("Status")
        theme.set_role(self, "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(4)
        self.engine = _part("status_engine", self._open_engine)
        self.system = _part("status_system", self._open_system)
        self.alarms = _part("status_alarms", self._open_alarms)
        self.engine.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row.addWidget(self.engine, 1)
        row.addWidget(self.system)
        row.addWidget(self.alarms)
        self._follow()

    def stop(self) -> None:
        """Read no more; called when the window closes."""
        self._system_watch.stop()
        self._look.stop()

    def refresh(self) -> None:
        """Say again what the engine does."""
        watch, supervisor = self._context.watch, self._context.supervisor
        self._state = engine_state(
            watch.runs.values(),
            watch.time_left,
            is_up=supervisor.is_running,
            owner=supervisor.owner,
            last_error=self._trouble or supervisor.last_error,
        )
        _say(self.engine, self._state.text, _ICONS[self._state.level], _TOKENS[self._state.level], "Engine")

    def _follow(self) -> None:
        watch = self._context.watch
        watch.runs_changed.connect(self._on_runs_changed)
        watch.run_changed.connect(lambda _run_id: self.refresh())
        watch.events_added.connect(self._count_alarms)
        watch.trouble.connect(self._on_trouble)
        watch.recovered.connect(lambda: self._on_trouble("", ""))
        self._system_watch = SystemWatch(self)
        self._system_watch.loaded.connect(self._show_load)
        self._system_watch.start()
        # The engine thread says by attributes, not by rows, that another program has the engine.
        self._look = QTimer(self)
        self._look.setObjectName("status_look")
        self._look.timeout.connect(self.refresh)
        self._look.start(LOOK_MILLISECONDS)
        self._on_runs_changed()

    def _on_runs_changed(self) -> None:
        """Alarms count while their run trains or waits; those of runs that ended are history on the run's page."""
        live = [run for run in self._context.watch.runs.values() if run.is_active or run.is_lost]
        self._alarms = {run.id: known for run in live if (known := self._alarms.get(run.id, -1)) >= 0}
        for run in live:
            if run.id not in self._alarms:
                self._alarms[run.id] = self._alarms_of(run.id)
        self._show_alarms()
        self.refresh()

    def _alarms_of(self, run_id: int) -> int:
        try:
            return sum(event.level in ALARMING for event in events_after(self._context.store, run_id=run_id))
        except StoreError:
            return 0  # the watch tells the trouble itself

    def _count_alarms(self, events: list[Event]) -> None:
        for event in events:
            if event.level in ALARMING and event.run_id in self._alarms:
                self._alarms[event.run_id] += 1
        self._show_alarms()

    def _show_alarms(self) -> None:
        number = sum(self._alarms.values())
        look = ("warning", "bad") if number else ("good", "muted")
        _say(self.alarms, wording.counted(number, "alarm").capitalize(), *look, "Alarms")

    def _show_load(self, load: SystemLoad) -> None:
        parts = []
        if load.gpu is not None:
            memory = f"{load.gpu_memory_used / 1e9:.1f}/{load.gpu_memory_total / 1e9:.0f} GB"
            parts.append(f"GPU {wording.percent(load.gpu, 0)} {memory}")
        parts.append(f"CPU {wording.percent(load.cpu, 0)}")
        parts.append(f"memory {load.memory_used / 1e9:.1f}/{load.memory_total / 1e9:.0f} GB")
        _say(self.system, " · ".join(parts), "system", "muted", "System")

    def _on_trouble(self, sentence: str, fix: str) -> None:
        self._trouble = f"{sentence} {fix}".strip()
        self.refresh()

    def _open_engine(self) -> None:
        if self._state.run_id is None:
            self._context.navigate("home", {})
        else:
            self._context.navigate("run", {"run_id": self._state.run_id})

    def _open_system(self) -> None:
        self._context.navigate("run", {"show": "system"})

    def _open_alarms(self) -> None:
        alarming = [run_id for run_id, number in self._alarms.items() if number]
        arguments: dict[str, object] = {"show": "alarms"}
        if alarming:
            arguments["run_id"] = alarming[0]
        self._context.navigate("run", arguments)


def _part(name: str, on_click: Callable[[], None]) -> QPushButton:
    button = QPushButton()
    button.setObjectName(name)
    button.setProperty("status", "true")
    button.setStyleSheet("text-align: left;")
    button.clicked.connect(lambda: on_click())
    return button


def _say(button: QPushButton, text: str, icon: str, token: str, what: str) -> None:
    """Show a sentence and its icon; what a narrow window cuts off is in the tip."""
    if button.text() == text:
        return
    button.setText(text)
    button.setToolTip(text)
    button.setAccessibleName(f"{what}: {text}")
    button.setIcon(theme.icon(icon, token))
