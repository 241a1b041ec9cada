"""Results: the numbers that evaluation protocols gave, stamped with what they depend on."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import insert, select

from engine.store.connection import Store
from engine.store.record import read_record
from engine.store.tables import ResultRow


@dataclass(frozen=True, slots=True)
class Result:
    """One number of an evaluation.

    Args:
        id: Key.
        run_id: The run whose encoder was judged.
        protocol: Name of the protocol with its settings.
        value: The number, None when it was not finite.
        step: Optimizer updates of the encoder.
        seed: Seed of the protocol.
        fingerprint: Content of the data set.
        label_fraction: Share of labels used, 0..1.
        detail: What else belongs to the number.
        created_at: Unix seconds.
    """

    id: int
    run_id: int
    protocol: str
    value: float | None
    step: int
    seed: int
    fingerprint: str
    label_fraction: float
    detail: dict[str, Any]
    created_at: float


class NewResult(TypedDict, total=False):
    """What a protocol reports; the fields are those of ``Result``."""

    protocol: Required[str]
    value: Required[float]
    step: Required[int]
    seed: Required[int]
    fingerprint: Required[str]
    label_fraction: float
    detail: dict[str, Any]


def add_result(store: Store, run_id: int, **values: Unpack[NewResult]) -> Result:
    """Record a number that a protocol gave.

    Args:
        store: The store.
        run_id: The run whose encoder was judged.
        **values: See ``NewResult``; label_fraction is 1.0 and detail empty by default.

    Raises:
        StoreError: There is no such run.
    """
    row: dict[str, Any] = {"label_fraction": 1.0, "detail": {}, **values}
    row |= {"run_id": run_id, "created_at": time.time()}
    row["value"] = float(values["value"]) if math.isfinite(values["value"]) else None
    with store.begin() as connection:
        made = connection.execute(insert(ResultRow).values(**row).returning(ResultRow.id)).scalar_one()
    return Result(**{**row, "id": made})


def list_results(store: Store, run_id: int) -> list[Result]:
    """Read the results of a run, oldest first."""
    query = select(ResultRow.__table__).where(ResultRow.run_id == run_id).order_by(ResultRow.id)
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [_to_result(row) for row in rows]


def _to_result(row: Mapping[Any, Any]) -> Result:
    return read_record(Result, row)
