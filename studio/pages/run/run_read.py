"""All that the Run page shows of a run, read in one go, so that its parts are of one run and one moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.store import Event, Run, SeriesSummary, Store, events_after, get_run, series_summaries

BATCH = 5000

Series = Mapping[str, SeriesSummary]


@dataclass(frozen=True)
class RunRead:
    """A run as it was read.

    Args:
        run: Its row.
        series: What is known of each of its series, by name.
        events: Everything that was said of it, oldest first.
    """

    run: Run
    series: Series
    events: list[Event]


def read_run(store: Store, run_id: int) -> RunRead:
    """Read a run whole.

    Raises:
        StoreError: There is no such run, or the store cannot be read.
    """
    run = get_run(store, run_id)
    events: list[Event] = []
    while batch := events_after(store, events[-1].id if events else 0, run_id=run_id, limit=BATCH):
        events.extend(batch)
    return RunRead(run, series_of(store, run_id), events)


def series_of(store: Store, run_id: int) -> Series:
    """What is known of each series of a run, by name.

    Raises:
        StoreError: The store cannot be read.
    """
    return series_summaries(store, [run_id]).get(run_id, {})
