"""A run as it is read, with what can be said of it from the row alone."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.store.process_mark import is_dead
from engine.store.record import read_record, wrong_fields
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
    claimed_at: float | None
    working_since: float | None
    worked_seconds: float
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
    process: str
    damage: str = ""
    """What of the row cannot be read, a sentence; those fields have their defaults. Empty for a whole row."""

    @property
    def is_active(self) -> bool:
        """Whether a worker process is expected to hold it, be it alive or lost."""
        is_held = self.status is RunStatus.PAUSED and self.pid is not None
        return is_held or self.status in (RunStatus.STARTING, RunStatus.RUNNING)

    @property
    def is_lost(self) -> bool:
        """Whether its worker is expected but gone: its process has ended, or gave no sign of life for 30 s."""
        if not self.is_active:
            return False
        is_silent = time.time() - self.last_sign > LOST_AFTER_SECONDS
        return is_silent or is_dead(self.pid, self.host, self.process)

    @property
    def last_sign(self) -> float:
        """When its worker was last heard of, unix seconds."""
        return self.heartbeat_at or self.created_at

    @property
    def is_resumable(self) -> bool:
        """Whether it can go on from its last checkpoint: stopped, failed, lost, or paused without a worker."""
        is_released = self.status is RunStatus.PAUSED and self.pid is None
        return is_released or self.status in (RunStatus.STOPPED, RunStatus.FAILED) or self.is_lost

    @property
    def share(self) -> float:
        """Share of its steps that are done, 0..1."""
        return min(self.step / self.total_steps, 1.0) if self.total_steps > 0 else 0.0

    def seconds_worked(self, now: float) -> float | None:
        """How long it has worked in all its sessions, pauses not counted; None before it was ever started.

        Args:
            now: Unix seconds, the end of a stretch of work that still goes on.
        """
        if self.started_at is None:
            return None
        return self.worked_seconds + self.seconds_of_stretch(now)

    def seconds_of_stretch(self, now: float) -> float:
        """How long the stretch of work lasts that has not ended; that of a worker that is gone, to its last sign."""
        if self.working_since is None:
            return 0.0
        until = self.last_sign if self.is_lost else now
        return max(until - self.working_since, 0.0)


_RECIPE_TABLES = ("data", "encoder", "training", "settings")
_FIELDS = [field.name for field in fields(Run) if field.name != "damage"]
RUN_COLUMNS = [getattr(RunRow, name) for name in _FIELDS]
_DEFAULTS: dict[str, Any] = {
    "name": "unreadable",
    "status": RunStatus.FAILED.value,
    "created_at": 0.0,
    "worked_seconds": 0.0,
    "epoch": 0.0,
    "recipe": {},
    "versions": {},
    **dict.fromkeys(("seed", "step", "total_steps", "images_seen", "position", "resumes"), 0),
    **dict.fromkeys(("kind", "method", "device", "claimed_device", "fingerprint", "host", "phase"), ""),
    **dict.fromkeys(("error", "error_fix", "note", "process"), ""),
}


def to_run(row: Mapping[Any, Any]) -> Run:
    """Make a run of a row of the table; one damaged cell must not hide all runs, so it is named in ``damage``."""
    wrong = wrong_fields(Run, row)
    recipe = row["recipe"]
    if isinstance(recipe, dict) and not all(
        isinstance(recipe.get(part, {}), dict) for part in _RECIPE_TABLES
    ):
        wrong.append("recipe")
    if not wrong:
        return read_record(Run, row)
    damage = f"The row of this run is damaged: {', '.join(wrong)} cannot be read."
    mended = {name: _DEFAULTS.get(name) for name in wrong}
    if "error" in wrong or not row["error"]:
        mended |= {"error": damage, "error_fix": "Put back a copy of the store, or start a new run."}
    return read_record(Run, {**row, **mended, "damage": damage})
