"""How a run that trains here is shown: a bar for a person at a terminal, a plain line now and then otherwise."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from engine.commands.speech import is_terminal, plain_console, remark
from engine.jobs.job_progress import JobProgress, OnProgress

PLAIN_SECONDS = 10.0


@contextmanager
def shown_progress() -> Iterator[OnProgress]:
    """Give the function that a job calls to tell how far it is; a terminal that is gone ends no run."""
    with _bar_or_lines() as show:

        def tell(at: JobProgress) -> None:
            with suppress(OSError):
                show(at)

        yield tell


@contextmanager
def _bar_or_lines() -> Iterator[OnProgress]:
    if not is_terminal():
        yield PlainLines()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[values]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=plain_console(stderr=True)) as bar:
        task = bar.add_task("starting", total=None, values="")
        yield lambda at: bar.update(
            task,
            description=at.phase or "done",
            completed=at.step,
            total=at.total_steps or None,
            values=latest_values(at),
        )


class PlainLines:
    """Prints a line when the phase changes and every ten seconds in between."""

    def __init__(self) -> None:
        self._phase = ""
        self._said_at = 0.0

    def __call__(self, at: JobProgress) -> None:
        """Say how far the job is, if it is time to."""
        now = time.monotonic()
        if not at.phase or (at.phase == self._phase and now - self._said_at < PLAIN_SECONDS):
            return
        self._phase, self._said_at = at.phase, now
        place = f"step {at.step:,} of {at.total_steps:,}, epoch {at.epoch:.1f}: " if at.total_steps else ""
        values = latest_values(at)
        remark(f"{place}{at.phase}{f' ({values})' if values else ''}")


def latest_values(at: JobProgress) -> str:
    """The few numbers that say how training goes."""
    shown = [("loss", "loss {:.4f}"), ("knn", "k-NN {:.1%}"), ("images_per_second", "{:.0f} pictures/s")]
    return ", ".join(words.format(at.values[name]) for name, words in shown if name in at.values)
