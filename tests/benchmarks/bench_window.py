"""How the window answers: launch, gaps in its event loop while a run trains, opening a run of a million steps.

Run it by hand: ``python tests/benchmarks/bench_window.py [--json FILE] [--seconds N] [--tiny]``. It opens windows
offscreen, and trains a small run on the built-in data in a real worker process meanwhile.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QWidget

from engine.declared import make_recipe
from engine.store import RunStatus, Store, create_run, get_run, open_store, write_metrics

if TYPE_CHECKING:
    from studio.main_window import MainWindow

LAUNCH = """
import json, sys, time
start = float(sys.argv[2])
from studio import session
from PySide6.QtCore import QTimer
import psutil
def answered(window):
    seconds, memory = time.time() - start, psutil.Process().memory_info().rss
    print(json.dumps({"seconds": seconds, "mb": memory / 1e6, "torch": "torch" in sys.modules}))
    window.close_quietly()
def begin(context, window):
    QTimer.singleShot(0, window, lambda: answered(window))
session._start = begin
session.run_session(sys.argv[1], "light")
"""
LAUNCHES, LONG_STEPS, SWITCH_SECONDS, TICK_MILLISECONDS = 5, 1_000_000, 1.0, 10
START_SECONDS, SETTLE_SECONDS = 120.0, 2.0


def measure_launch(folder: Path, count: int) -> dict[str, object]:
    """Time from starting the program to a window whose event loop turns; the first launch only warms the files."""
    launches = []
    for _ in range(count + 1):
        command = [sys.executable, "-c", LAUNCH, str(folder / "launch.sqlite"), repr(time.time())]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        launches.append(json.loads(said.strip().splitlines()[-1]))
    launches = launches[1:]
    return {
        "launch, median s": round(statistics.median(one["seconds"] for one in launches), 2),
        "memory, MB": round(max(one["mb"] for one in launches)),
        "torch imported": any(one["torch"] for one in launches),
    }


class Gaps:
    """How late a 10 ms timer comes, and on which page: what a person feels as a window that sticks.

    Args:
        window: Its pages are switched once a second.
        pages: Their names, in turn.
    """

    def __init__(self, window: "MainWindow", pages: Sequence[str]) -> None:
        from PySide6.QtCore import QElapsedTimer

        self.late: list[float] = []  # ms
        self.worst: dict[str, float] = {}
        self._window, self._pages = window, itertools.cycle(pages)
        self._clock = QElapsedTimer()

    def watch(self, seconds: float) -> None:
        """Let the event loop turn so long."""
        from PySide6.QtCore import QEventLoop, QTimer

        timer, switcher, loop = QTimer(), QTimer(), QEventLoop()
        timer.timeout.connect(self._tick)
        switcher.timeout.connect(lambda: self._window.navigate(next(self._pages), {}))
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        self._clock.start()
        timer.start(TICK_MILLISECONDS)
        switcher.start(round(SWITCH_SECONDS * 1000))
        loop.exec()
        timer.stop()
        switcher.stop()

    def _tick(self) -> None:
        late = max(self._clock.nsecsElapsed() / 1e6 - TICK_MILLISECONDS, 0.0)
        page = self._window.page.name
        self.late.append(late)
        self.worst[page] = max(self.worst.get(page, 0.0), round(late, 1))
        self._clock.restart()


def measure_gaps(folder: Path, seconds: float) -> dict[str, object]:
    """Lateness of a 10 ms timer while a run trains and the pages are switched once a second."""
    from studio.composition import make_context
    from studio.main_window import MainWindow
    from studio.session import make_application

    app = make_application("light")
    store = open_store(folder / "gaps.sqlite")
    context = make_context(store)
    window = MainWindow(context)
    window.resize(1280, 840)
    window.show()
    window.prepare_pages()
    context.watch.start()
    context.supervisor.start()
    window.navigate("run", {"run_id": _train(store, app.processEvents)})
    settled = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < settled:
        app.processEvents()
        time.sleep(0.01)
    gaps = Gaps(window, ("new_run", "home", "run", "inspect"))
    gaps.watch(seconds)
    context.supervisor.stop(runs="pause", timeout=60)
    window.close_quietly()
    store.close()
    return {
        "event-loop gap p50, ms": round(float(np.percentile(gaps.late, 50)), 1),
        "event-loop gap p99, ms": round(float(np.percentile(gaps.late, 99)), 1),
        "event-loop gap worst, ms": round(max(gaps.late), 1),
        "worst by page, ms": gaps.worst,
    }


def _train(store: Store, turn: Callable[[], object]) -> int:
    """Queue a run and wait until it trains."""
    recipe = make_recipe("mae", "quick", {"training.epochs": 1000}).model_dump()
    run = create_run(store, name="MAE shapes", method="mae", recipe=recipe, seed=0)
    until = time.monotonic() + START_SECONDS
    while get_run(store, run.id).status is not RunStatus.RUNNING and time.monotonic() < until:
        turn()
    return run.id


def measure_long_run(folder: Path, steps: int) -> dict[str, object]:
    """Time until the curves of a run of many steps, a million, are drawn."""
    from studio.composition import make_context
    from studio.main_window import MainWindow
    from studio.session import make_application

    app = make_application("light")
    store = open_store(folder / "long.sqlite")
    recipe = make_recipe("mae", "quick").model_dump()
    long, other = (
        create_run(store, name=name, method="mae", recipe=recipe, seed=0) for name in ("long", "other")
    )
    values = np.random.default_rng(0).normal(1.0, 0.05, steps).tolist()
    for start in range(0, steps, 50_000):
        part = range(start, min(start + 50_000, steps))
        write_metrics(store, long.id, [("loss", step, values[step], float(step)) for step in part])
    window = MainWindow(make_context(store))
    window.resize(1280, 840)
    window.show()
    app.processEvents()
    took = []
    for _ in range(LAUNCHES):
        window.navigate("run", {"run_id": other.id})
        app.processEvents()
        started = time.perf_counter()
        window.navigate("run", {"run_id": long.id})
        while window.findChild(QWidget, "loss_chart") is None:
            app.processEvents()
        took.append(1000 * (time.perf_counter() - started))
    window.close_quietly()
    store.close()
    return {f"{steps:,} steps open, median ms": round(statistics.median(took))}


def main() -> None:
    """Measure, print a table, write JSON on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    seconds, steps = (2.0, 1000) if options.tiny else (options.seconds, LONG_STEPS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = measure_launch(folder, 1 if options.tiny else LAUNCHES)
        figures |= measure_gaps(folder, seconds) | measure_long_run(folder, steps)
    for title, figure in figures.items():
        print(f"{title:36} {figure}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
