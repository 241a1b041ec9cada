"""The states of a run and the ways between them.

    draft -> queued -> starting -> running <-> paused -> finished | stopped | failed

"Lost" (a worker is expected but gave no sign of life for 30 s) is computed by readers, never stored: there is
no one left to store it.
"""

from enum import StrEnum

from engine.errors import StoreError


class RunStatus(StrEnum):
    """What a run does now."""

    DRAFT = "draft"
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


_ENDS = frozenset({RunStatus.FINISHED, RunStatus.STOPPED, RunStatus.FAILED})
_NEXT: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.DRAFT: frozenset({RunStatus.QUEUED}),
    # A queued run fails without a start when nobody could ever train it.
    RunStatus.QUEUED: frozenset({RunStatus.STARTING, RunStatus.DRAFT, RunStatus.STOPPED, RunStatus.FAILED}),
    RunStatus.STARTING: frozenset({RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.STOPPED, RunStatus.FAILED}),
    RunStatus.RUNNING: frozenset({RunStatus.PAUSED}) | _ENDS,
    RunStatus.PAUSED: frozenset({RunStatus.RUNNING, RunStatus.QUEUED}) | _ENDS,
    RunStatus.FINISHED: frozenset(),
    RunStatus.STOPPED: frozenset({RunStatus.QUEUED}),
    RunStatus.FAILED: frozenset({RunStatus.QUEUED}),
}


def is_end(status: RunStatus) -> bool:
    """Say whether a run in this state has no worker and waits for none."""
    return status in _ENDS


def check_transition(run_id: int, old: RunStatus, new: RunStatus) -> None:
    """Accept the way from one state to another; staying in a state is always allowed.

    Raises:
        StoreError: There is no such way.
    """
    if new is old or new in _NEXT[old]:
        return
    ways = ", ".join(status.value for status in RunStatus if status in _NEXT[old])
    raise StoreError(
        f"Run {run_id} is {old.value} and cannot become {new.value}.",
        f"From there it can become: {ways}."
        if ways
        else "It has come to its end: start a new run from its recipe.",
    )
