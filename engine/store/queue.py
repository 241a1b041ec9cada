"""The queue: which run comes next, who takes it, and how a run gets back into it."""

import time

from sqlalchemy import Connection, select, update

from engine.errors import StoreError
from engine.store.commands import drop_commands
from engine.store.connection import Store
from engine.store.run import Run
from engine.store.runs import list_runs, read_run, status_values
from engine.store.status import RunStatus
from engine.store.tables import RunRow


def queued_runs(store: Store) -> list[Run]:
    """Read the queued runs in the order they will be taken."""
    return sorted(list_runs(store, statuses=[RunStatus.QUEUED]), key=lambda run: (run.position, run.id))


def claim_run(
    store: Store, *, device: str, host: str, takes_auto: bool = True, run_id: int | None = None
) -> Run | None:
    """Take the first queued run that may use a device; of many processes that ask at once, one gets it.

    Args:
        store: The store.
        device: Device that is free, such as ``cpu`` or ``cuda:1``. A run that wishes ``auto`` takes any,
            one that wishes ``cuda`` takes any ``cuda:N``.
        host: Name of this computer.
        takes_auto: False leaves runs that wish ``auto`` to another device of this computer.
        run_id: Take this very run, be it queued or a draft, instead of the first in the queue.

    Returns:
        The run, now starting, or None when no queued run may use the device.

    Raises:
        StoreError: The row of the run is damaged, so that it would train something else than was asked for.
    """
    wishes = {device.partition(":")[0], device} | ({"auto"} if takes_auto else set())
    waiting = [RunStatus.QUEUED.value] if run_id is None else [RunStatus.QUEUED.value, RunStatus.DRAFT.value]
    query = (
        select(RunRow.id)
        .where(RunRow.status.in_(waiting), RunRow.device.in_(wishes))
        .order_by(RunRow.position, RunRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if run_id is not None:
        query = query.where(RunRow.id == run_id)
    # A free engine asks several times a second: look without the writer's lock first.
    with store.read() as connection:
        if connection.execute(query).scalar_one_or_none() is None:
            return None
    with store.begin() as connection:
        run_id = connection.execute(query).scalar_one_or_none()
        if run_id is None:
            return None
        found = read_run(connection, run_id)
        if found.damage:
            raise StoreError(found.damage, "Start a new run, or put back a copy of the store.")
        values = status_values(connection, found, RunStatus.STARTING)
        values |= {
            "claimed_device": device,
            "host": host,
            "pid": None,
            "process": "",
            "error": "",
            "error_fix": "",
            "phase": "",
        }
        connection.execute(update(RunRow).where(RunRow.id == run_id).values(**values))
        return read_run(connection, run_id)


def requeue_run(store: Store, run_id: int) -> Run:
    """Put a stopped, failed, lost or released run back into the queue, to go on from its last checkpoint.

    Commands that nobody took are dropped: they were meant for a worker that is gone.

    Raises:
        StoreError: No such run, or it is not resumable.
    """
    with store.begin() as connection:
        run = read_run(connection, run_id, for_update=True)
        if not run.is_resumable:
            raise StoreError(f"Run {run_id} is {run.status.value} and cannot be resumed.", _way_out(run))
        drop_commands(connection, run_id)
        values = status_values(connection, run, RunStatus.QUEUED) | {"resumes": run.resumes + 1}
        connection.execute(update(RunRow).where(RunRow.id == run_id).values(**values))
        return read_run(connection, run_id)


def move_run(store: Store, run_id: int, position: int) -> list[Run]:
    """Move a queued run to a place in the queue, 0 for the next one taken.

    Returns:
        The queue in its new order.

    Raises:
        StoreError: The run is not queued.
    """
    with store.begin() as connection:
        order = _queue_order(connection)
        if run_id not in order:
            run = read_run(connection, run_id)
            raise StoreError(
                f"Run {run_id} is {run.status.value}, not queued.", "Only waiting runs have an order."
            )
        order.remove(run_id)
        order.insert(max(position, 0), run_id)
        for place, each in enumerate(order):
            connection.execute(update(RunRow).where(RunRow.id == each).values(position=place))
    return queued_runs(store)


def lost_runs(store: Store) -> list[Run]:
    """Read the runs whose worker is expected but gave no sign of life for 30 s."""
    holding = [RunStatus.STARTING, RunStatus.RUNNING, RunStatus.PAUSED]
    return [run for run in list_runs(store, statuses=holding) if run.is_lost]


def _queue_order(connection: Connection) -> list[int]:
    query = select(RunRow.id).where(RunRow.status == RunStatus.QUEUED.value)
    return list(connection.execute(query.order_by(RunRow.position, RunRow.id)).scalars())


def _way_out(run: Run) -> str:
    if run.status is RunStatus.FINISHED:
        return "It has come to its end: start a new run from its recipe."
    if run.is_active and run.heartbeat_at is not None:
        silent_seconds = time.time() - run.heartbeat_at
        return f"Its worker gave a sign of life {silent_seconds:.0f} s ago: pause or stop it instead."
    return "It waits already."
