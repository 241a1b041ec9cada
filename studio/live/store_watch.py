"""Tells the window what changed in the store: rows in, signals out.

One timer asks four times a second whether anything was written at all; only then are rows read. Runs beyond the
newest few that neither train nor wait are not compared: whoever shows them reads them when ``runs_changed`` comes.
"""

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import StoreError
from engine.store import (
    Event,
    Run,
    RunStatus,
    Store,
    events_after,
    list_artifacts,
    list_datasets,
    list_runs,
    series_summaries,
)
from studio.live.time_left import TimeLeft

POLL_MILLISECONDS = 250
NEWEST = 30
LIVE = (RunStatus.QUEUED, RunStatus.STARTING, RunStatus.RUNNING, RunStatus.PAUSED)


class StoreWatch(QObject):
    """Polls the store and emits what is new.

    Args:
        store: The store to watch.
        parent: Qt owner.
    """

    runs_changed = Signal()
    """A run appeared, went, or changed its state, name or place."""
    run_changed = Signal(int)
    """Any column of this run changed, its step included."""
    metrics_changed = Signal(int)
    events_added = Signal(list)
    artifacts_changed = Signal(int)
    datasets_changed = Signal()
    trouble = Signal(str, str)
    """The store cannot be read: a sentence, and what to do."""
    recovered = Signal()

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._version: int | None = None
        self._runs: dict[int, Run] = {}
        self._lost: set[int] = set()
        self._last_steps: dict[int, tuple[int, int]] = {}
        self._artifacts: dict[int, int] = {}
        self._datasets: list[object] = []
        self._clocks: dict[int, TimeLeft] = {}
        self._last_event = 0
        self._is_in_trouble = False
        self._timer = QTimer(self)
        self._timer.setObjectName("store_watch")
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self.check)
        self._skip_old_events()

    @property
    def runs(self) -> dict[int, Run]:
        """The runs that train or wait and the newest others, by id, as last read."""
        return self._runs

    def start(self) -> None:
        """Begin to watch."""
        self.check()
        self._timer.start()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()

    def time_left(self, run_id: int) -> float | None:
        """Seconds a run still takes; None while that is not known to 15 %."""
        run, clock = self._runs.get(run_id), self._clocks.get(run_id)
        if run is None or clock is None or run.status is not RunStatus.RUNNING or run.is_lost:
            return None
        return clock.seconds(run.total_steps)

    def check(self) -> None:
        """Look now; the timer calls this, and whoever has just written and wants to see it at once."""
        try:
            version = self._store.data_version()
            if version != self._version:
                self._read()
                self._version = version
            self._check_lost()
        except StoreError as error:
            self._tell_trouble(error)
        else:
            self._tell_recovered()

    def _skip_old_events(self) -> None:
        """What was said before the window opened is history, not news."""
        try:
            while batch := events_after(self._store, self._last_event, limit=5000):
                self._last_event = batch[-1].id
        except StoreError as error:
            self._tell_trouble(error)

    def _read(self) -> None:
        newest = list_runs(self._store, limit=NEWEST)
        live = list_runs(self._store, statuses=LIVE)
        self._compare_runs({run.id: run for run in (*live, *newest)})
        self._compare_metrics()
        self._compare_artifacts()
        events: list[Event] = events_after(self._store, self._last_event)
        if events:
            self._last_event = events[-1].id
            self.events_added.emit(events)
        datasets: list[object] = list(list_datasets(self._store))
        if datasets != self._datasets:
            self._datasets = datasets
            self.datasets_changed.emit()

    def _compare_runs(self, now: dict[int, Run]) -> None:
        before, self._runs = self._runs, now
        changed = [run for run in now.values() if before.get(run.id) != run]
        for run in changed:
            self._time(run)
        for run in changed:
            self.run_changed.emit(run.id)
        if before.keys() != now.keys() or any(_headline(run) != _headline(before[run.id]) for run in changed):
            self.runs_changed.emit()

    def _time(self, run: Run) -> None:
        if run.status is RunStatus.RUNNING and run.heartbeat_at is not None:
            self._clocks.setdefault(run.id, TimeLeft()).note(run.heartbeat_at, run.step)
        else:
            self._clocks.pop(run.id, None)

    def _compare_metrics(self) -> None:
        summaries = series_summaries(self._store, list(self._runs))
        for run_id, by_name in summaries.items():
            seen = (
                sum(one.count for one in by_name.values()),
                max((one.last_step for one in by_name.values()), default=-1),
            )
            if self._last_steps.get(run_id) != seen:
                self._last_steps[run_id] = seen
                self.metrics_changed.emit(run_id)

    def _compare_artifacts(self) -> None:
        for run in self._runs.values():
            if run.id in self._artifacts and not run.is_active:
                continue
            newest = max((artifact.id for artifact in list_artifacts(self._store, run.id)), default=0)
            if self._artifacts.get(run.id) != newest:
                self._artifacts[run.id] = newest
                self.artifacts_changed.emit(run.id)

    def _check_lost(self) -> None:
        """A run is lost by the passing of time: no row says so."""
        lost = {run.id for run in self._runs.values() if run.is_lost}
        if lost != self._lost:
            changed, self._lost = lost ^ self._lost, lost
            for run_id in sorted(changed):
                self.run_changed.emit(run_id)
            self.runs_changed.emit()

    def _tell_trouble(self, error: StoreError) -> None:
        if not self._is_in_trouble:
            self._is_in_trouble = True
            self.trouble.emit(error.message, error.fix)

    def _tell_recovered(self) -> None:
        if self._is_in_trouble:
            self._is_in_trouble = False
            self.recovered.emit()


def _headline(run: Run) -> tuple[object, ...]:
    """What decides where and under which name a run is listed."""
    return (run.status, run.name, run.position, run.pid is None, run.resumes)
