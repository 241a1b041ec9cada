"""What a run is doing, in words a person reads. Pure functions of a row."""

from dataclasses import dataclass

from engine.store import Run, RunStatus
from studio import wording


@dataclass(frozen=True)
class StateWords:
    """A state as it is shown: never by colour alone.

    Args:
        word: The state.
        icon: Drawing in ``resources/icons``.
        token: Colour token.
    """

    word: str
    icon: str
    token: str


_STATES = {
    RunStatus.DRAFT: StateWords("Draft", "new", "muted"),
    RunStatus.QUEUED: StateWords("Waiting in the queue", "queue", "muted"),
    RunStatus.STARTING: StateWords("Starting", "clock", "accent"),
    RunStatus.RUNNING: StateWords("Training", "play", "good"),
    RunStatus.PAUSED: StateWords("Paused", "pause", "warn"),
    RunStatus.FINISHED: StateWords("Finished", "good", "good"),
    RunStatus.STOPPED: StateWords("Stopped", "stop", "muted"),
    RunStatus.FAILED: StateWords("Failed", "error", "bad"),
}


def state_words(run: Run) -> StateWords:
    """Say the state of a run."""
    if run.is_lost:
        return StateWords("No sign of life", "warning", "bad")
    if run.status is RunStatus.PAUSED and run.pid is None:
        return StateWords("Paused, device free", "pause", "warn")
    return _STATES[run.status]


def where_words(run: Run) -> str:
    """Say how far a run came: "epoch 12.4 of 100 · step 1,240 of 10,000"; empty before the first step."""
    if run.step == 0:
        return ""
    step = f"step {wording.count(run.step)}"
    if run.total_steps:
        step += f" of {wording.count(run.total_steps)}"
    if run.epoch <= 0:
        return step
    epoch = f"epoch {wording.value(run.epoch)}"
    if 0 < run.share < 1:
        epoch += f" of {wording.value(run.epoch / run.share)}"
    return f"{epoch} · {step}"


def took_words(run: Run, now: float) -> str:
    """Say how long a run has worked in all its sessions, pauses left out; empty before its first start."""
    worked = run.seconds_worked(now)
    return "" if worked is None else wording.duration(worked)


def ending_words(run: Run) -> str:
    """Say how a run that could go on came to stand still: for the list of runs to resume."""
    where = f"at epoch {wording.value(run.epoch)}" if run.epoch > 0 else "before its first step"
    if run.is_lost:
        return f"No sign of life since {wording.ago(run.heartbeat_at or run.created_at)}, last seen {where}."
    if run.status is RunStatus.FAILED:
        return f"Failed {where}: {run.error}" if run.error else f"Stopped unexpectedly {where}."
    if run.status is RunStatus.PAUSED:
        return f"Paused {where}; its device is free."
    return f"Stopped {where}."
