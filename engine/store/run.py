"""A run as it is read, with what can be said of it from the row alone."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.store.status import RunStatus
from engine.store.tables import RunRow

# A worker beats every two seconds; so long a silence means that it is gone, or the computer sleeps.
LOST_AFTER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it was when it was read. Times are unix seconds; ``tables.RunRow`` says what each field is."""

    id: int
    name: str
    kind: str
    status: RunStatus
    method: str
    recipe: dict[str, Any]
    seed: int
    device: str
    claimed_device: str
    dataset_id: int | None
    fingerprint: str
    parent_run_id: int | None
    created_at: float
    queued_at: float | None
    started_at: float | None
    finished_at: float | None
    heartbeat_at: float | None
    pid: int | None
    host: str
    step: int
    total_steps: int
    epoch: float
    images_seen: int
    phase: str
    error: str
    error_fix: str
    note: str
    versions: dict[str, Any]
    position: int
    resumes: int

    @property
    def is_active(self) -> bool:
        """Whether a worker process is expected to hold it, be it alive or lost."""
        is_held = self.status is RunStatus.PAUSED and self.pid is not None
        return is_held or self.status in (RunStatus.STARTING, RunStatus.RUNNING)

    @property
    def is_lost(self) -> bool:
        """Whether its worker is expected but gave no sign of life for 30 s."""
        last_sign = self.heartbeat_at or self.created_at
        return self.is_active and time.time() - last_sign > LOST_AFTER_SECONDS

    @property
    def is_resumable(self) -> bool:
        """Whether it can go on from its last checkpoint: stopped, failed, lost, or paused without a worker."""
        is_released = self.status is RunStatus.PAUSED and self.pid is None
        return is_released or self.status in (RunStatus.STOPPED, RunStatus.FAILED) or self.is_lost

    @property
    def share(self) -> float:
        """Share of its steps that are done, 0..1."""
        return min(self.step / self.total_steps, 1.0) if self.total_steps > 0 else 0.0


RUN_COLUMNS = [getattr(RunRow, field.name) for field in fields(Run)]


def to_run(row: Mapping[Any, Any]) -> Run:
    """Make a run of a row of the table."""
    return Run(**{**row, "status": RunStatus(row["status"])})
