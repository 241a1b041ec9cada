"""Look at every picture of a place, and keep what was found in the store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.options import JsonOption, StoreOption
from engine.commands.speech import is_terminal, plain_console, say, say_json

if TYPE_CHECKING:
    from engine.data.scan import ScanProgress, ScanReport
    from engine.store import Dataset, Store

OnProgress = Callable[["ScanProgress"], None]
LISTED = 10


def scan(  # noqa: PLR0917 - the signature is the list of flags
    location: Annotated[str, typer.Argument(metavar="DIR", help="A folder, a list, or builtin:NAME.")],
    kind: Annotated[str, typer.Option(help="Layout of the folder; auto recognises it.")] = "auto",
    channels: Annotated[int, typer.Option(help="3 for colour, 1 for grey.", min=1, max=3)] = 3,
    value_range: Annotated[
        str,
        typer.Option(
            help="Black and white of pictures deeper than 8 bits, see the setting data.value_range."
        ),
    ] = "auto",
    store: StoreOption = None,
    as_json: JsonOption = False,
    as_lines: Annotated[bool, typer.Option("--json-lines", help="Progress as JSON lines too.")] = False,
) -> None:
    """Count, check and measure the pictures of a place."""
    from engine.errors import DataError, EngineError
    from engine.store import open_store

    if channels == 2:
        raise DataError("Pictures cannot have two channels.", "Use 3 for colour or 1 for grey.")
    try:
        opened = open_store(store)
        try:
            with _progress(as_lines) as tell:
                report, dataset = _scan(opened, location, kind, channels, value_range, tell)
        finally:
            opened.close()
    except EngineError as error:
        if as_lines:
            say_json({"error": error.message, "fix": error.fix})
        raise
    if as_json or as_lines:
        say_json({"dataset": dataset.id, **report.as_dict()})
    else:
        _describe(report)


def _scan(
    store: "Store", location: str, kind: str, channels: int, value_range: str, tell: OnProgress
) -> "tuple[ScanReport, Dataset]":
    """Scan and save; what was found is also said by the returned report."""
    from engine.data.scan import scan as scan_place
    from engine.store import save_dataset

    report = scan_place(location, kind, channels, value_range=value_range, on_progress=tell)
    found = report.as_dict()
    kept = (
        "class_counts",
        "train_class_counts",
        "sizes",
        "sampled",
        "problems",
        "problem_counts",
        "leaks",
        "notes",
        "warnings",
        "account",
        "grey",
        "seconds",
        "value_range",
    )
    dataset = save_dataset(
        store,
        name=report.name,
        location=report.location,
        kind=report.kind,
        channels=channels,
        fingerprint=report.fingerprint,
        num_pictures=report.num_pictures - len(report.broken),
        classes=report.classes,
        splits=report.splits,
        mean=report.mean,
        std=report.std,
        health={name: found[name] for name in kept},
    )
    return report, dataset


@contextmanager
def _progress(as_lines: bool) -> Iterator[OnProgress]:
    """Show how far a scan is: JSON lines for programs, a bar for a person, nothing for a file."""
    if as_lines:
        yield lambda at: say_json({"done": at.done, "total": at.total, "phase": at.phase})
        return
    if not is_terminal():
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=plain_console(stderr=True), transient=True) as bar:
        task = bar.add_task("Finding pictures", total=None)
        yield lambda at: bar.update(task, description=at.phase, completed=at.done, total=at.total or None)


def _describe(report: "ScanReport") -> None:
    """Say what was found, for a person."""
    say(f"{report.name}: {report.num_pictures:,} pictures ({report.kind.replace('_', ' ')})")
    say(f"  splits: {_counts(report.splits)}")
    say(f"  classes: {_counts(report.class_counts) or 'no labels'}")
    if report.sizes is not None:
        sizes = (report.sizes.smallest, report.sizes.largest, report.sizes.median)
        smallest, largest, median = (f"{width} x {height}" for width, height in sizes)
        say(f"  sizes: {smallest} to {largest} px, median {median}")
    say(f"  mean {_numbers(report.mean)}, std {_numbers(report.std)}")
    say(f"  files: {_files(report)}")
    for warning in report.warnings:
        say(f"  Warning: {warning}")
    for note in report.notes:
        say(f"  {note}")
    for problem in report.problems[:LISTED]:
        say(f"  {problem.kind}: {problem.path}: {problem.reason}")
    if len(report.problems) > LISTED:
        say(f"  and {len(report.problems) - LISTED:,} more; --json lists them")


def _files(report: "ScanReport") -> str:
    account = report.account
    if account.seen == account.kept:
        return f"all {account.seen:,} are pictures of the set"
    return f"{account.kept:,} of {account.seen:,} are pictures of the set, {account.count():,} left out"


def _counts(counts: dict[str, Any]) -> str:
    from engine.data.account import shortened

    shown = [f"{shortened(name)} {count:,}" for name, count in list(counts.items())[:LISTED]]
    return ", ".join(shown) + (f" and {len(counts) - LISTED} more" if len(counts) > LISTED else "")


def _numbers(values: list[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)
