"""How the window answers: launch, gaps in its event loop while a run trains, opening a run of a million steps.

Run it by hand: ``python tests/benchmarks/bench_window.py [--json FILE] [--seconds N]``. It opens windows offscreen, and
trains a small run on the built-in data in a real worker process meanwhile.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

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


def measure_launch(folder: Path) -> dict[str, object]:
    """Time from starting the program to a window whose event loop turns; the first launch only warms the files."""
    launches = []
    for _ in range(LAUNCHES + 1):
        command = [sys.executable, "-c", LAUNCH, str(folder / "launch.sqlite"), repr(time.time())]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        launches.append(json.loads(said.strip().splitlines()[-1]))
    launches = launches[1:]
    return {
        "launch, median s": round(statistics.median(one["seconds"] for one in launches), 2),
        "memory, MB": round(max(one["mb"] for one in launches)),
        "torch imported": any(one["torch"] for one in launches),
    }


def measure_gaps(folder: Path, seconds: float) -> dict[str, object]:
    """Lateness of a 10 ms timer while a run trains and the pages are switched once a second."""
    from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer

    from engine.declared import make_recipe
    from engine.store import RunStatus, create_run, get_run, open_store
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
    recipe = make_recipe("mae", "quick", {"training.epochs": 1000}).model_dump()
    run = create_run(store, name="MAE shapes", method="mae", recipe=recipe, seed=0)
    window.navigate("run", {"run_id": run.id})
    until = time.monotonic() + 120
    while get_run(store, run.id).status is not RunStatus.RUNNING and time.monotonic() < until:
        app.processEvents()
    for _ in range(200):
        app.processEvents()
        time.sleep(0.01)

    late: list[float] = []
    pages = ["home", "run", "inspect", "new_run"]
    worst: dict[str, float] = {}
    clock = QElapsedTimer()
    clock.start()

    def tick() -> None:
        late.append(max(clock.nsecsElapsed() / 1e6 - TICK_MILLISECONDS, 0.0))
        worst[window.page.name] = max(worst.get(window.page.name, 0.0), round(late[-1], 1))
        clock.restart()

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(TICK_MILLISECONDS)
    switcher = QTimer()
    switcher.timeout.connect(
        lambda: window.navigate(pages[(pages.index(window.page.name) + 1) % len(pages)], {})
    )
    switcher.start(round(SWITCH_SECONDS * 1000))
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()
    timer.stop()
    switcher.stop()
    context.supervisor.stop(runs="pause", timeout=60)
    window.close_quietly()
    store.close()
    return {
        "event-loop gap p50, ms": round(float(np.percentile(late, 50)), 1),
        "event-loop gap p99, ms": round(float(np.percentile(late, 99)), 1),
        "event-loop gap worst, ms": round(max(late), 1),
        "worst by page, ms": worst,
    }


def measure_long_run(folder: Path) -> dict[str, object]:
    """Time until the curves of a run of a million steps are drawn."""
    from engine.declared import make_recipe
    from engine.store import create_run, open_store, write_metrics
    from studio.composition import make_context
    from studio.main_window import MainWindow
    from studio.session import make_application

    app = make_application("light")
    store = open_store(folder / "long.sqlite")
    recipe = make_recipe("mae", "quick").model_dump()
    run = create_run(store, name="long", method="mae", recipe=recipe, seed=0)
    other = create_run(store, name="other", method="mae", recipe=recipe, seed=0)
    values = np.random.default_rng(0).normal(1.0, 0.05, LONG_STEPS)
    for start in range(0, LONG_STEPS, 50_000):
        steps = range(start, start + 50_000)
        write_metrics(store, run.id, [("loss", step, float(values[step]), float(step)) for step in steps])
    context = make_context(store)
    window = MainWindow(context)
    window.resize(1280, 840)
    window.show()
    app.processEvents()
    took = []
    for _ in range(LAUNCHES):
        window.navigate("run", {"run_id": other.id})
        app.processEvents()
        start_time = time.perf_counter()
        window.navigate("run", {"run_id": run.id})
        while "loss_chart" not in window.page.charts.charts:
            app.processEvents()
        took.append(1000 * (time.perf_counter() - start_time))
    window.close_quietly()
    store.close()
    return {"a million steps open, median ms": round(statistics.median(took))}


def main() -> None:
    """Measure, print a table, write JSON on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = measure_launch(folder) | measure_gaps(folder, options.seconds) | measure_long_run(folder)
    for title, figure in figures.items():
        print(f"{title:36} {figure}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
