"""What becomes of stores that were damaged at random: every reader answers, or says in words what is wrong.

``python tests/benchmarks/bench_hostile_stores.py --stores 2000`` prints how many were read, refused in words, or broke.
"""

import argparse
import json
import random
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from engine.cli import TRACE, app
from engine.commands.exit_codes import BAD_USE, DONE
from engine.errors import EngineError
from engine.store import (
    Level,
    RunStatus,
    Store,
    add_artifact,
    add_event,
    add_result,
    claim_run,
    create_run,
    events_after,
    get_run,
    list_artifacts,
    list_commands,
    list_datasets,
    list_results,
    list_runs,
    lost_runs,
    open_store,
    queued_runs,
    read_curve,
    read_points,
    save_dataset,
    send_command,
    series_summaries,
    update_run,
    write_metrics,
)
from engine.store.commands import CommandKind
from engine.supervisor.fitness import why_unfit

PAGE = 4096
CELLS: list[Any] = [
    None, "", "text", b"\xff\xfe", "\x00", -1, 0, 2**63 - 1, -(2**63), float("inf"), float("-inf"), 1e300, 0.5,
    "null", "[]", "[1, 2]", "{}", '{"a": NaN}', '{"training": 3}', '{"data": []}', "{" * 3000, "[" * 100_000, '"x"',
    '{"training": {"processes": "x"}}', "1" * 5000, "../../etc/passwd", "failed", "running",
]  # fmt: skip
TABLES = (
    "run",
    "series",
    "metric",
    "metric_level",
    "event",
    "artifact",
    "dataset",
    "result",
    "command",
    "identity",
)


def make_example(path: Path) -> None:
    """Make a store with something in every table."""
    store = open_store(path)
    data: dict[str, Any] = {"location": "/p", "kind": "class_folders", "channels": 3, "fingerprint": "f"}
    found: dict[str, Any] = {"num_pictures": 20, "classes": ["a"], "splits": {"train": 20}, "health": {}}
    save_dataset(store, name="birds", **data, **found, mean=[0.5] * 3, std=[0.2] * 3)
    for number in range(4):
        recipe = {"method": "mae", "training": {"processes": 1}, "data": {"location": "/p"}}
        run = create_run(store, name=f"run {number}", method="mae", recipe=recipe, seed=0)
        write_metrics(
            store, run.id, [(n, step, 1.0 / (step + 1), 1e9) for n in ("loss", "knn") for step in range(300)]
        )
        add_event(store, run.id, Level.ALARM, "It collapses.", step=3, data={"rule": "x"})
        add_result(store, run.id, protocol="knn", value=0.5, step=1, seed=0, fingerprint="f")
        add_artifact(store, run.id, kind="checkpoint", path=store.folder / "a", step=1, size=1)
    claim_run(store, device="cpu", host="elsewhere", run_id=1)
    update_run(store, 1, status=RunStatus.RUNNING, pid=1)
    send_command(store, 1, CommandKind.SAVE)
    store.close()


def harm(path: Path, chance: random.Random) -> str:
    """Damage a store's file in one of several ways, and name the way."""
    ways: list[Callable[[Path, random.Random], None]] = [
        _change_bytes, _change_header, _cut, _swap_pages, _blank_page, _change_cells, _change_cells, _drop_tables,
    ]  # fmt: skip
    way = chance.choice(ways)
    way(path, chance)
    return way.__name__.lstrip("_")


def try_everything(path: Path) -> tuple[str, str]:
    """Read all that a window or a command reads.

    Returns:
        "read", "refused" or "broke", and what was said.
    """
    try:
        store = open_store(path, busy_seconds=0.2)
    except EngineError as error:
        return "refused", str(error)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return "broke", f"open: {type(error).__name__}: {error}"
    outcome = "read", ""
    try:
        for request in _requests(store):
            try:
                request()
            except EngineError as error:
                outcome = "refused", str(error)
            except Exception as error:  # noqa: BLE001 - as above
                return "broke", f"{type(error).__name__}: {error}"
    finally:
        store.close()
    return _try_commands(path, outcome)


def _requests(store: Store) -> list[Callable[[], object]]:
    requests: list[Callable[[], object]] = [
        store.data_version,
        lambda: list_runs(store),
        lambda: [why_unfit(run) for run in queued_runs(store)],
        lambda: [(run.is_lost, run.share, run.seconds_worked(time.time())) for run in list_runs(store)],
        lambda: lost_runs(store),
        lambda: list_datasets(store),
        lambda: events_after(store),
        lambda: series_summaries(store),
        lambda: claim_run(store, device="cpu", host="here"),
    ]
    for run_id in (1, 2, 4):
        requests += [
            lambda run_id=run_id: get_run(store, run_id),  # type: ignore[misc]
            lambda run_id=run_id: list_artifacts(store, run_id),  # type: ignore[misc]
            lambda run_id=run_id: list_results(store, run_id),  # type: ignore[misc]
            lambda run_id=run_id: list_commands(store, run_id),  # type: ignore[misc]
            lambda run_id=run_id: read_curve(store, run_id, "loss", max_points=20),  # type: ignore[misc]
            lambda run_id=run_id: read_points(store, run_id, "loss"),  # type: ignore[misc]
            lambda run_id=run_id: write_metrics(store, run_id, [("loss", 400, 1.0, 1e9)]),  # type: ignore[misc]
        ]
    return requests


def _try_commands(path: Path, outcome: tuple[str, str]) -> tuple[str, str]:
    for command in (
        ["runs"],
        ["runs", "--json"],
        ["show", "1"],
        ["show", "2", "--json"],
        ["show", "3", "--recipe"],
    ):
        # The command line makes a sentence of any error, which would hide here what nobody thought of.
        result = CliRunner().invoke(app, [*command, "--store", str(path)], env={TRACE: "1"})
        if result.exit_code not in {DONE, BAD_USE}:
            return "broke", f"{' '.join(command)}: {result.exception!r} {result.output}"
        if result.exit_code == BAD_USE:
            outcome = "refused", result.output
    return outcome


def _change_bytes(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 3, 20, 200])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)


def _change_header(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 2, 5])):
        content[chance.randrange(120)] = chance.randrange(256)
    path.write_bytes(content)


def _cut(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.choice([0, 1, 16, 99, 100, 511, PAGE, chance.randrange(len(content))])])


def _swap_pages(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    pages = [content[start : start + PAGE] for start in range(0, len(content), PAGE)]
    for _ in range(chance.choice([1, 1, 4])):
        first, second = chance.randrange(len(pages)), chance.randrange(len(pages))
        pages[first], pages[second] = pages[second], pages[first]
    path.write_bytes(b"".join(pages))


def _blank_page(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start = chance.randrange(len(content) // PAGE) * PAGE
    content[start : start + PAGE] = chance.choice([b"\0" * PAGE, chance.randbytes(PAGE)])
    path.write_bytes(content)


def _change_cells(path: Path, chance: random.Random) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        # Not SQLite's own chance, which no seed repeats.
        connection.create_function("is_hit", 0, lambda: chance.random() < 0.5)
        for _ in range(chance.choice([1, 1, 3, 10])):
            table = chance.choice(TABLES)
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            column, value = chance.choice(columns), chance.choice(CELLS)
            typed = chance.choice(["?", "CAST(? AS TEXT)", "CAST(? AS BLOB)"])
            try:
                connection.execute(
                    f"UPDATE OR IGNORE {table} SET {column} = {typed} WHERE is_hit()", (value,)
                )
            except sqlite3.Error:
                continue


def _drop_tables(path: Path, chance: random.Random) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        table = chance.choice((*TABLES, "alembic_version"))
        what = chance.choice(
            [f"DELETE FROM {table}", f"DROP TABLE {table}", f"ALTER TABLE {table} RENAME TO gone"]
        )
        connection.execute(what)


def run_seeds(seeds: range, folder: Path) -> list[dict[str, Any]]:
    """Damage a store once per seed and try it; everything is kept in ``folder``."""
    example = folder / "example.sqlite"
    make_example(example)
    rows = []
    for seed in seeds:
        place = folder / str(seed)
        place.mkdir()
        path = place / "store.sqlite"
        shutil.copyfile(example, path)
        way = harm(path, random.Random(seed))
        outcome, said = try_everything(path)
        rows.append({"seed": seed, "way": way, "outcome": outcome, "said": said})
        shutil.rmtree(place)
    return rows


def main() -> None:
    """Damage, try, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    options = parser.parse_args()
    if options.tiny:
        options.stores = 4
    with tempfile.TemporaryDirectory() as folder:
        rows = run_seeds(range(options.first, options.first + options.stores), Path(folder))
    counts = Counter((row["way"], row["outcome"]) for row in rows)
    for way in sorted({row["way"] for row in rows}):
        print(f"{way:<14}", {outcome: counts[way, outcome] for outcome in ("read", "refused", "broke")})
    for row in rows:
        if row["outcome"] == "broke":
            print(row)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
