"""Events: log lines and alarms of runs and of the engine itself."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select

from engine.store.connection import Store
from engine.store.record import read_record
from engine.store.tables import EventRow


class Level(StrEnum):
    """How much an event matters. An alarm is about the training, an error about the program."""

    INFO = "info"
    WARNING = "warning"
    ALARM = "alarm"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    Args:
        id: Key, ascending; never used twice.
        run_id: The run, None for the engine itself.
        level: How much it matters.
        message: A sentence.
        detail: Long text such as a traceback, or empty.
        step: Optimizer updates, where it belongs to one.
        wall: Unix seconds.
        data: What a program reads of it. An alarm of the doctor has "rule", "title", "causes" and "knob" (with
            "setting", "advice", "value"); the news that it is over has "recovered", the rule's name.
    """

    id: int
    run_id: int | None
    level: Level
    message: str
    detail: str
    step: int | None
    wall: float
    data: dict[str, Any] = field(default_factory=dict)


def add_event(
    store: Store,
    run_id: int | None,
    level: Level,
    message: str,
    *,
    step: int | None = None,
    detail: str = "",
    data: Mapping[str, Any] | None = None,
) -> int:
    """Write a line to the log.

    Args:
        store: The store.
        run_id: The run, None for the engine itself.
        level: How much it matters.
        message: A sentence.
        step: Optimizer updates, where it belongs to one.
        detail: Long text such as a traceback.
        data: Plain values for programs, see ``Event``.

    Returns:
        The number of the event.

    Raises:
        StoreError: There is no such run.
    """
    row = {"run_id": run_id, "level": level.value, "message": message, "step": step, "detail": detail}
    values = {**row, "data": dict(data or {}), "wall": time.time()}
    with store.begin() as connection:
        query = insert(EventRow).values(**values).returning(EventRow.id)
        return int(connection.execute(query).scalar_one())


def events_after(
    store: Store, last_id: int = 0, *, run_id: int | None = None, limit: int = 500
) -> list[Event]:
    """Read events newer than one already seen, oldest first.

    Args:
        store: The store.
        last_id: Number of the last event already seen.
        run_id: Only this run's; None reads all.
        limit: At most so many; ask again from the last one for more.
    """
    query = (
        select(
            EventRow.id,
            EventRow.run_id,
            EventRow.level,
            EventRow.message,
            EventRow.detail,
            EventRow.step,
            EventRow.wall,
            EventRow.data,
        )
        .where(EventRow.id > last_id)
        .order_by(EventRow.id)
        .limit(limit)
    )
    if run_id is not None:
        query = query.where(EventRow.run_id == run_id)
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [read_record(Event, row) for row in rows]
