"""Scan a set of pictures: count, find damage and duplicates, measure brightness, identify it."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.data.examine import Examination, Facts, examine
from engine.data.findings import count_leaks, find_problems, measure_brightness, range_notes, summarise_sizes
from engine.data.parent_watch import end_with_parent
from engine.data.picture_set import Indices, PictureSet
from engine.data.published import PUBLISHED_PREFIX, fetch_published
from engine.data.scan_report import Problem, ScanProgress, ScanReport, Sizes
from engine.data.set_findings import set_notes, set_warnings, share_of_grey
from engine.data.sources import open_pictures
from engine.errors import DataError
from engine.value_range import AUTO

__all__ = ["Problem", "ScanProgress", "ScanReport", "Sizes", "scan", "scan_pictures"]

OnProgress = Callable[[ScanProgress], None]

# Mean and std settle to the third digit well before this many pictures.
MOST_SAMPLED = 2000
# Below this, starting processes takes longer than looking.
FEW_PICTURES = 400
MOST_PROCESSES = 8
PICTURES_AT_ONCE = 100


def scan(
    location: str | Path,
    kind: str = "auto",
    channels: int = 3,
    *,
    value_range: str = AUTO,
    on_progress: OnProgress | None = None,
) -> ScanReport:
    """Open a set of pictures and look at every one of them.

    Args:
        location: See ``open_pictures``; ``published:name`` is downloaded first where it is missing.
        kind: See ``open_pictures``.
        channels: As the pictures will be read, 1 or 3.
        value_range: See ``open_pictures``.
        on_progress: Called every few pictures.

    Raises:
        DataError: When there is nothing to scan.
    """
    tell = on_progress or _say_nothing
    if str(location).startswith(PUBLISHED_PREFIX):
        location = fetch_published(str(location), on_progress=tell)
    tell(ScanProgress(0, 0, "Finding pictures"))
    return scan_pictures(open_pictures(location, kind, value_range), channels, on_progress=tell)


def scan_pictures(
    pictures: PictureSet, channels: int = 3, *, on_progress: OnProgress | None = None
) -> ScanReport:
    """Look at every picture of an opened set, see ``scan``."""
    tell = on_progress or _say_nothing
    started = time.perf_counter()
    facts: list[Facts] = []
    pictures.found_range  # noqa: B018 (found here once and not in every scanning process)
    for part in _look(pictures, channels):
        facts.extend(part)
        tell(ScanProgress(len(facts), len(pictures), "Looking at pictures"))
    tell(ScanProgress(len(facts), len(pictures), "Comparing pictures"))
    report = _report(pictures, facts, channels, time.perf_counter() - started)
    tell(ScanProgress(len(facts), len(pictures), "Done"))
    return report


def _report(pictures: PictureSet, facts: list[Facts], channels: int, seconds: float) -> ScanReport:
    mean, std, sampled = measure_brightness(facts, channels)
    leaks = count_leaks(pictures, facts)
    problems = find_problems(pictures, facts)
    grey = share_of_grey(facts)
    return ScanReport(
        name=pictures.name,
        location=pictures.location,
        kind=pictures.kind,
        channels=channels,
        num_pictures=len(pictures),
        classes=list(pictures.classes),
        class_counts=_count_classes(pictures, np.arange(len(pictures))),
        train_class_counts=_count_classes(pictures, pictures.train),
        splits={split: len(indices) for split, indices in pictures.splits.items()},
        sizes=summarise_sizes(facts),
        mean=mean,
        std=std,
        sampled=sampled,
        fingerprint=pictures.fingerprint(),
        problems=problems,
        leaks=leaks,
        notes=[*_notes(pictures, facts, problems), *set_notes(pictures, sampled, grey)],
        value_range=str(pictures.value_range or ""),
        warnings=[*pictures.warnings, *set_warnings(pictures, facts, problems, leaks)],
        account=pictures.account,
        grey=grey,
        seconds=round(seconds, 2),
    )


def _look(pictures: PictureSet, channels: int) -> Iterator[list[Facts]]:
    """Facts in the order of the set, some pictures at a time, on as many cores as help."""
    asked = Examination(pictures, _sample(pictures), channels)
    parts = [
        range(at, min(at + PICTURES_AT_ONCE, len(pictures)))
        for at in range(0, len(pictures), PICTURES_AT_ONCE)
    ]
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if len(pictures) <= FEW_PICTURES or processes == 1:
        for part in parts:
            yield examine(asked, part)
        return
    context = multiprocessing.get_context("spawn" if sys.platform in ("win32", "darwin") else "forkserver")
    asked = replace(asked, one_large=context.Lock())
    with ProcessPoolExecutor(processes, context, _start_examining, (asked,)) as pool:
        try:
            yield from pool.map(_examine_part, parts)
        except BrokenProcessPool as error:
            raise DataError(
                "A picture crashed the program that reads pictures.", "Remove suspicious files."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


# Set once in every scanning process, so that the set is sent once and not with every part.
_examining: list[Examination] = []


def _start_examining(asked: Examination) -> None:
    end_with_parent()
    _examining[:] = [asked]


def _examine_part(part: range) -> list[Facts]:
    return examine(_examining[0], part)


def _sample(pictures: PictureSet) -> set[int]:
    """Training pictures spread evenly over the set."""
    train = pictures.train
    return set(train[np.unique(np.linspace(0, len(train) - 1, MOST_SAMPLED).astype(np.int64))].tolist())


def _count_classes(pictures: PictureSet, indices: Indices) -> dict[str, int]:
    if pictures.labels is None:
        return {}
    labels = pictures.labels[indices]
    counts = np.bincount(labels[labels >= 0], minlength=len(pictures.classes))
    return dict(zip(pictures.classes, counts.tolist(), strict=True))


def _notes(pictures: PictureSet, facts: list[Facts], problems: list[Problem]) -> list[str]:
    notes = [*pictures.notes, *range_notes(pictures.found_range, facts)]
    broken = sum(problem.kind == "broken" for problem in problems)
    if broken:
        notes.append(f"{broken} of {len(pictures)} pictures cannot be read; training leaves them out.")
    if pictures.labels is None:
        notes.append(
            "The pictures have no labels: a run can learn from them, but k-NN accuracy cannot be shown."
        )
    return notes


def _say_nothing(_: ScanProgress) -> None:
    return None
