"""How far a job is, as whoever started it is told."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class JobProgress:
    """How far a job is, for a progress bar.

    Args:
        step: Finished steps.
        total_steps: Steps of the whole run.
        epoch: Passes over the pictures so far.
        phase: What the job does now, in words.
        values: Latest value of each metric.
    """

    step: int
    total_steps: int
    epoch: float
    phase: str
    values: dict[str, float]


OnProgress = Callable[[JobProgress], None]
