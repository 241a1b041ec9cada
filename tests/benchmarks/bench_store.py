"""How fast the store is: writing points, a table of a thousand runs, an overlay of fifty, a run of a million steps.

Run it by hand: ``python tests/benchmarks/bench_store.py [--json FILE] [--folder DIR] [--tiny]``. Every figure is the
median of five, after one warm-up, on a store that is as large as it gets.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.store import (
    Run,
    Store,
    beat,
    create_run,
    list_runs,
    open_store,
    read_curve,
    series_summaries,
    take_commands,
    truncate_metrics,
    write_metrics,
)


@dataclass(frozen=True)
class Size:
    """How large the store is.

    Args:
        runs: Runs in the table.
        series: Metrics of each.
        steps: Points of each metric.
        long_steps: Points of one more run.
        flushed: Points written to time the writing.
    """

    runs: int = 1000
    series: int = 20
    steps: int = 1000
    long_steps: int = 1_000_000
    flushed: int = 200_000


TINY = Size(runs=60, series=4, steps=10, long_steps=20_000, flushed=20_000)
RECIPE = {f"section{n}": {f"setting{m}": m / 7 for m in range(12)} for n in range(5)}


def median_seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Time an action."""
    action()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def make_run(store: Store) -> Run:
    """Make a run with a recipe of usual size."""
    return create_run(store, name="benchmark", method="mae", recipe=RECIPE, seed=0)


def written_per_second(store: Store, *, num_series: int, steps_per_flush: int, num_points: int) -> float:
    """Write one run in flushes as a worker does, and return points per second."""
    run_id = make_run(store).id
    start = time.perf_counter()
    for first in range(0, num_points // num_series, steps_per_flush):
        steps = range(first, first + steps_per_flush)
        points = [(f"m{n}", step, step * 0.5, 1e9 + step) for step in steps for n in range(num_series)]
        write_metrics(store, run_id, points)
    return num_points / (time.perf_counter() - start)


def fill(store: Store, size: Size) -> None:
    """Make the runs of the table with their points."""
    for _ in range(size.runs):
        run_id = make_run(store).id
        write_metrics(
            store,
            run_id,
            [(f"m{n}", s, s * 0.5, 1e9 + s) for n in range(size.series) for s in range(size.steps)],
        )


def write_long_run(store: Store, steps: int) -> int:
    """Make a run of so many steps, a million."""
    run_id = make_run(store).id
    for first in range(0, steps, 20_000):
        write_metrics(store, run_id, [("loss", s, s * 0.5, 1e9 + s) for s in range(first, first + 20_000)])
    return run_id


def measure(folder: Path, size: Size) -> dict[str, tuple[float, str, str]]:
    """Return what was measured: name -> figure, unit, target."""
    figures: dict[str, tuple[float, str, str]] = {}
    start = time.perf_counter()
    store = open_store(folder / "bench.sqlite")
    figures["make a store"] = (1e3 * (time.perf_counter() - start), "ms", "")
    for num_series, steps in ((20, 5), (20, 50), (20, 500), (1, 5000)):
        rate = written_per_second(
            store, num_series=num_series, steps_per_flush=steps, num_points=size.flushed
        )
        figures[f"write, {num_series} series x {steps} steps a flush"] = (rate, "points/s", ">= 50000")
    start = time.perf_counter()
    fill(store, size)
    rate = size.runs * size.series * size.steps / (time.perf_counter() - start)
    figures[f"write, {size.runs:,} runs x {size.series} series x {size.steps:,} steps"] = (
        rate,
        "points/s",
        ">= 50000",
    )
    long_run = write_long_run(store, size.long_steps)
    ids = [run.id for run in list_runs(store, limit=60)][5:55]

    def timed(name: str, action: Callable[[], object], target: str = "") -> None:
        figures[name] = (1e3 * median_seconds(action), "ms", target)

    def reopen() -> None:
        open_store(store.path).close()

    timed("open a store that is there", reopen)
    timed(f"list_runs of {size.runs:,}", lambda: list_runs(store))
    timed(
        f"run table: list_runs + series_summaries of {size.runs:,} x {size.series}",
        lambda: (list_runs(store), series_summaries(store)),
        "<= 300",
    )
    timed(
        f"overlay: read_curve of {len(ids)} runs x {size.steps:,} points",
        lambda: [read_curve(store, each, "m3") for each in ids],
        "<= 500",
    )
    timed(
        f"one run of {size.long_steps:,} steps: read_curve",
        lambda: read_curve(store, long_run, "loss"),
        "<= 500",
    )
    timed(
        "the same, zoomed to 2,000 steps",
        lambda: read_curve(
            store, long_run, "loss", first=size.long_steps // 2, last=size.long_steps // 2 + 1999
        ),
    )
    first = list_runs(store)[0].id
    timed("data_version", store.data_version)
    timed("beat", lambda: beat(store, first, step=1, epoch=0.0, images_seen=1))
    timed("take_commands, none waiting", lambda: take_commands(store, first))
    start = time.perf_counter()
    truncate_metrics(store, long_run, size.long_steps - 5000)
    figures[f"truncate the last 5,000 of {size.long_steps:,} steps"] = (
        1e3 * (time.perf_counter() - start),
        "ms",
        "",
    )
    store.close()
    points = size.runs * size.series * size.steps + size.long_steps + 4 * size.flushed
    share = (folder / "bench.sqlite").stat().st_size / points
    figures["file, pyramid included"] = (share, "bytes/point", "")
    return figures


def main() -> None:
    """Measure, print a table, write JSON on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--folder", type=Path, help="where the store is made; by default a temporary folder")
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(Path(folder), TINY if arguments.tiny else Size())
    for name, (value, unit, target) in figures.items():
        print(f"{name:58} {value:12,.2f} {unit:12} {target}")
    if arguments.json:
        rows = {
            name: {"value": value, "unit": unit, "target": target}
            for name, (value, unit, target) in figures.items()
        }
        arguments.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
