"""Runs: make, read, change and delete them. The way through the queue is in queue.py."""

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import Connection, delete, func, insert, select, update

from engine.errors import StoreError
from engine.printable import printable
from engine.store.connection import Store
from engine.store.process_mark import process_mark
from engine.store.run import RUN_COLUMNS, Run, to_run
from engine.store.run_folder import belongs_to
from engine.store.status import RunStatus, check_transition, is_end
from engine.store.tables import RunRow


class NewRun(TypedDict, total=False):
    """What is decided about a run when it is made."""

    name: Required[str]
    method: Required[str]
    recipe: Required[dict[str, Any]]
    seed: Required[int]
    kind: str
    device: str
    dataset_id: int | None
    fingerprint: str
    parent_run_id: int | None
    status: RunStatus


class RunChanges(TypedDict, total=False):
    """What may change in a run after it was made."""

    status: RunStatus
    name: str
    note: str
    recipe: dict[str, Any]
    device: str
    dataset_id: int | None
    fingerprint: str
    host: str
    pid: int | None
    phase: str
    step: int
    total_steps: int
    epoch: float
    images_seen: int
    error: str
    error_fix: str
    versions: dict[str, Any]


_SNAPSHOT = ("recipe", "device", "dataset_id")


def create_run(store: Store, **values: Unpack[NewRun]) -> Run:
    """Make a run; by default it is queued at once, as a snapshot of its recipe.

    Args:
        store: The store.
        **values: See ``NewRun``; name, method, recipe and seed are needed, ``status`` is draft or queued.

    Raises:
        StoreError: Another status, an empty name, or a data set or parent that does not exist.
    """
    status = values.get("status", RunStatus.QUEUED)
    if status not in (RunStatus.DRAFT, RunStatus.QUEUED):
        raise StoreError(
            f"A new run is a draft or queued, not {status.value}.", "Queue it, and let a worker take it."
        )
    now = time.time()
    row: dict[str, Any] = {
        **values,
        "name": _checked_name(values["name"]),
        "status": status.value,
        "created_at": now,
    }
    with store.begin() as connection:
        if status is RunStatus.QUEUED:
            row |= {"position": end_of_queue(connection), "queued_at": now}
        return read_run(connection, _insert(connection, store, row))


def _insert(connection: Connection, store: Store, row: dict[str, Any]) -> int:
    """Insert a run under a number whose folder nobody has: one put back from an old copy has forgotten numbers."""
    while True:
        run_id: int = connection.execute(insert(RunRow).values(**row).returning(RunRow.id)).scalar_one()
        if not os.path.lexists(store.folder / "runs" / str(run_id)):
            return run_id
        connection.execute(delete(RunRow).where(RunRow.id == run_id))


def get_run(store: Store, run_id: int) -> Run:
    """Read one run.

    Raises:
        StoreError: There is no such run.
    """
    with store.read() as connection:
        return read_run(connection, run_id)


def list_runs(
    store: Store, *, statuses: Iterable[RunStatus] | None = None, limit: int | None = None
) -> list[Run]:
    """Read runs, newest first; all of them, or those in some states, or the newest few."""
    query = select(*RUN_COLUMNS).order_by(RunRow.id.desc()).limit(limit)
    if statuses is not None:
        query = query.where(RunRow.status.in_([status.value for status in statuses]))
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [to_run(row) for row in rows]


def update_run(store: Store, run_id: int, **changes: Unpack[RunChanges]) -> Run:
    """Change a run; what is not named stays. The times of start and end follow the status by themselves.

    Args:
        store: The store.
        run_id: Which run.
        **changes: See ``RunChanges``. Recipe, device and data set change only in a draft.

    Returns:
        The run after the change.

    Raises:
        StoreError: No such run, no way to that status, or a change of a snapshot.
    """
    with store.begin() as connection:
        old = read_run(connection, run_id, for_update=True)
        values: dict[str, Any] = dict(changes)
        frozen = [name for name in _SNAPSHOT if name in values and values[name] != getattr(old, name)]
        if frozen and old.status is not RunStatus.DRAFT:
            raise StoreError(
                f"The {frozen[0]} of run {run_id} cannot change any more: it is {old.status.value}.",
                "Start a new run from its recipe.",
            )
        if "name" in changes:
            values["name"] = _checked_name(changes["name"])
        if "status" in changes:
            check_transition(run_id, old.status, changes["status"])
            values |= status_values(connection, old, changes["status"])
        if "pid" in values:
            values["process"] = _process(values["pid"], values.get("host", old.host))
        if values:
            connection.execute(update(RunRow).where(RunRow.id == run_id).values(**values))
        return read_run(connection, run_id)


def beat(store: Store, run_id: int, *, step: int, epoch: float, images_seen: int, phase: str = "") -> None:
    """Give a sign of life, and say how far the run is.

    Args:
        store: The store.
        run_id: Which run.
        step: Finished optimizer updates.
        epoch: Passes over the pictures, fractional.
        images_seen: Pictures so far, repeats counted.
        phase: What the worker does now, for people.
    """
    with store.begin() as connection:
        beat_on(connection, run_id, step=step, epoch=epoch, images_seen=images_seen, phase=phase)


def beat_on(
    connection: Connection, run_id: int, *, step: int, epoch: float, images_seen: int, phase: str = ""
) -> None:
    """Do what ``beat`` does, inside a write transaction that is open already."""
    values = {
        "step": step,
        "epoch": epoch,
        "images_seen": images_seen,
        "phase": phase,
        "heartbeat_at": time.time(),
    }
    connection.execute(update(RunRow).where(RunRow.id == run_id).values(**values))


def rename_run(store: Store, run_id: int, name: str) -> Run:
    """Give a run another label.

    Raises:
        StoreError: No such run, or an empty name.
    """
    return update_run(store, run_id, name=name)


def annotate_run(store: Store, run_id: int, note: str) -> Run:
    """Replace the note of a run.

    Raises:
        StoreError: There is no such run.
    """
    return update_run(store, run_id, note=note)


def delete_run(store: Store, run_id: int) -> None:
    """Delete a run with its metrics, events, results and folder; its children stay, without a parent.

    Raises:
        StoreError: No such run, a worker holds it, or its folder cannot be removed.
    """
    with store.begin() as connection:
        run = read_run(connection, run_id, for_update=True)
        if run.is_active and not run.is_lost:
            raise StoreError(f"Run {run_id} is {run.status.value} and cannot be deleted.", "Stop it first.")
        connection.execute(delete(RunRow).where(RunRow.id == run_id))
    _delete_folder(store.folder / "runs" / str(run_id), run)


def _delete_folder(folder: Path, run: Run) -> None:
    """Delete the folder of a run that is deleted; one that was made by anybody else stays."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not belongs_to(folder, run.id, run.created_at):
        raise StoreError(
            f"Run {run.id} is deleted; its folder {folder} was not made by it and is left as it is.",
            "Look into the folder, and delete it by hand if nothing in it is needed.",
        )
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(
            f"Run {run.id} is deleted, but its folder {folder} cannot be removed: {error.strerror}.",
            "Delete the folder by hand.",
        ) from error


def read_run(connection: Connection, run_id: int, *, for_update: bool = False) -> Run:
    """Read one run inside an open transaction.

    Raises:
        StoreError: There is no such run.
    """
    query = select(*RUN_COLUMNS).where(RunRow.id == run_id)
    # SQLite has no row locks and needs none: its writers are alone. A database server locks the row.
    row = connection.execute(query.with_for_update() if for_update else query).mappings().one_or_none()
    if row is None:
        raise StoreError(
            f"There is no run {run_id} in the store.", "Look at the list of runs for its number."
        )
    return to_run(row)


def end_of_queue(connection: Connection) -> int:
    """Return the position behind the last queued run."""
    query = select(func.max(RunRow.position)).where(RunRow.status == RunStatus.QUEUED.value)
    last: int | None = connection.execute(query).scalar_one()
    return 0 if last is None else last + 1


def status_values(connection: Connection, old: Run, new: RunStatus) -> dict[str, Any]:
    """Return the columns that follow from a change of status."""
    now = time.time()
    values: dict[str, Any] = {"status": new.value, **_times(old, new, now)}
    if new is RunStatus.QUEUED and old.status is not new:
        values |= {"position": end_of_queue(connection), "queued_at": now, "finished_at": None, "pid": None}
        values |= {"error": "", "error_fix": "", "phase": ""}
    elif new is RunStatus.STARTING:
        values |= {"heartbeat_at": now, "finished_at": None}
    elif new in (RunStatus.RUNNING, RunStatus.PAUSED):
        values |= {"heartbeat_at": now}
    elif is_end(new):
        values |= {"finished_at": now, "pid": None}
    return values


def _times(old: Run, new: RunStatus, now: float) -> dict[str, Any]:
    """Return the columns that tell when a run began and how long it has worked.

    A pause ends a stretch of work, whether the worker waits with its device or has left it.
    """
    if new is RunStatus.DRAFT:
        return {"started_at": None, "claimed_at": None, "working_since": None, "worked_seconds": 0.0}
    if new is RunStatus.STARTING:
        first = now if old.started_at is None else old.started_at
        return {"started_at": first, "claimed_at": now, "working_since": now}
    if new is RunStatus.RUNNING:
        return {"working_since": now if old.working_since is None else old.working_since}
    return {"working_since": None, "worked_seconds": old.worked_seconds + old.seconds_of_stretch(now)}


def _process(pid: int | None, host: str) -> str:
    return "" if pid is None else process_mark(pid, host)


def _checked_name(name: str) -> str:
    if not name.strip():
        raise StoreError("A run needs a name.", "Type one or more characters.")
    return printable(name.strip())
