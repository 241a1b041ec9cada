"""The bar at the foot of the window: always true, and each part leads to the page behind it."""

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from engine.errors import StoreError
from engine.store import Event, Run, RunStatus, events_after
from engine.store.standing_alarms import matters, standing_alarms
from studio import theme, wording
from studio.context import StudioContext
from studio.live.engine_words import EngineState, engine_state
from studio.live.system_watch import SystemLoad, SystemWatch
from studio.widgets.plain_text import button_text, set_tip, shown, tip_of

LOOK_MILLISECONDS = 1000
_ICONS = {"": "gauge", "good": "play", "warn": "warning", "bad": "error"}
_TOKENS = {"": "muted", "good": "good", "warn": "warn", "bad": "bad"}


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
        self._alarming: dict[int, list[Event]] = {}  # run -> its events that raise or end alarms
        self._opened_at = time.time()
        self._looked_at: dict[
            int, float | None
        ] = {}  # failed run -> the end whose alarms were opened from here
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
        """Read the alarms of runs that are new here, and forget those of runs that are history."""
        counted = [run.id for run in self._context.watch.runs.values() if self._counts(run)]
        known = self._alarming
        self._alarming = {
            run_id: known[run_id] if run_id in known else self._read(run_id) for run_id in counted
        }
        self._show_alarms()
        self.refresh()

    def _counts(self, run: Run) -> bool:
        """Alarms count while their run is held by a worker, and after a failure until somebody looks at them."""
        if run.is_active or run.is_lost:
            return True
        is_news = run.status is RunStatus.FAILED and (run.finished_at or 0) >= self._opened_at
        return is_news and self._looked_at.get(run.id, 0.0) != run.finished_at

    def _read(self, run_id: int) -> list[Event]:
        found: list[Event] = []
        last = 0
        try:
            while batch := events_after(self._context.store, last, run_id=run_id, limit=5000):
                last = batch[-1].id
                found += [event for event in batch if matters(event)]
        except StoreError:
            return []  # the watch tells the trouble itself
        return found

    def _count_alarms(self, events: list[Event]) -> None:
        for event in events:
            known = self._alarming.get(event.run_id or 0)
            if known is not None and matters(event) and all(event.id != one.id for one in known):
                known.append(event)
        self._show_alarms()

    def _number(self, run_id: int) -> int:
        run = self._context.watch.runs.get(run_id)
        return len(standing_alarms(self._alarming[run_id], run)) if run is not None else 0

    def _show_alarms(self) -> None:
        number = sum(self._number(run_id) for run_id in self._alarming)
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
        alarming = [run_id for run_id in self._alarming if self._number(run_id)]
        arguments: dict[str, object] = {"show": "alarms"}
        if alarming:
            arguments["run_id"] = alarming[0]
            run = self._context.watch.runs[alarming[0]]
            if run.status is RunStatus.FAILED:
                self._looked_at[run.id] = run.finished_at
        self._context.navigate("run", arguments)
        self._on_runs_changed()


def _part(name: str, on_click: Callable[[], None]) -> QPushButton:
    button = QPushButton()
    button.setObjectName(name)
    button.setProperty("status", "true")
    button.setStyleSheet("text-align: left;")
    button.clicked.connect(lambda: on_click())
    return button


def _say(button: QPushButton, text: str, icon: str, token: str, what: str) -> None:
    """Show a sentence and its icon; what a narrow window cuts off is in the tip."""
    if button.toolTip() == tip_of(text):
        return
    button.setText(button_text(text))
    set_tip(button, text)
    button.setAccessibleName(shown(f"{what}: {text}"))
    button.setIcon(theme.icon(icon, token))
