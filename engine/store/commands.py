"""Commands: what a person wants of a running worker, as rows that the worker takes."""

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.errors import StoreError
from engine.store.connection import Store
from engine.store.record import read_record
from engine.store.runs import read_run
from engine.store.status import RunStatus, is_end
from engine.store.tables import CommandRow


class CommandKind(StrEnum):
    """What can be asked of a worker."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    STOP_NOW = "stop_now"
    SAVE = "save"
    EVALUATE = "evaluate"


@dataclass(frozen=True, slots=True)
class Command:
    """One wish, as the worker reads it.

    Args:
        id: Key, ascending.
        run_id: The run it is meant for.
        kind: What is asked. STOP saves first, STOP_NOW does not.
        args: PAUSE takes ``release``: whether the worker saves, leaves the device and ends.
        created_at: Unix seconds.
    """

    id: int
    run_id: int
    kind: CommandKind
    args: dict[str, Any]
    created_at: float


def send_command(store: Store, run_id: int, kind: CommandKind, **args: Any) -> int:
    """Ask something of the worker of a run.

    Args:
        store: The store.
        run_id: Which run.
        kind: What is asked.
        **args: Details that belong to the kind, such as ``release=True``.

    Returns:
        The number of the command.

    Raises:
        StoreError: No such run, or one that no worker holds or will hold.
    """
    with store.begin() as connection:
        run = read_run(connection, run_id)
        if run.status is RunStatus.DRAFT or is_end(run.status):
            raise StoreError(
                f"Run {run_id} is {run.status.value}: no worker listens to '{kind.value}'.",
                "Queue or resume it first.",
            )
        row = {"run_id": run_id, "kind": kind.value, "args": args, "created_at": time.time()}
        return int(connection.execute(insert(CommandRow).values(**row).returning(CommandRow.id)).scalar_one())


def take_commands(store: Store, run_id: int) -> list[Command]:
    """Read the waiting commands of a run, oldest first, and mark them taken: nobody gets one twice."""
    waiting = (
        select(CommandRow.id, CommandRow.run_id, CommandRow.kind, CommandRow.args, CommandRow.created_at)
        .where(CommandRow.run_id == run_id, CommandRow.taken_at.is_(None))
        .order_by(CommandRow.id)
    )
    # Asked once a step and nearly always empty: look without the writer's lock first.
    with store.read() as connection:
        if connection.execute(waiting.limit(1)).first() is None:
            return []
    with store.begin() as connection:
        rows = connection.execute(waiting.with_for_update()).mappings().all()
        _mark_taken(connection, [row["id"] for row in rows])
    return [read_record(Command, row) for row in rows]


def list_commands(store: Store, run_id: int, kind: CommandKind | None = None) -> list[Command]:
    """Read the commands of a run, taken or waiting, oldest first; leaves them as they are."""
    query = (
        select(CommandRow.id, CommandRow.run_id, CommandRow.kind, CommandRow.args, CommandRow.created_at)
        .where(CommandRow.run_id == run_id)
        .order_by(CommandRow.id)
    )
    if kind is not None:
        query = query.where(CommandRow.kind == kind.value)
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [read_record(Command, row) for row in rows]


def drop_commands(connection: Connection, run_id: int) -> None:
    """Mark the waiting commands of a run taken, inside an open write transaction."""
    waiting = select(CommandRow.id).where(CommandRow.run_id == run_id, CommandRow.taken_at.is_(None))
    _mark_taken(connection, list(connection.execute(waiting).scalars()))


def _mark_taken(connection: Connection, ids: list[int]) -> None:
    if ids:
        connection.execute(update(CommandRow).where(CommandRow.id.in_(ids)).values(taken_at=time.time()))
