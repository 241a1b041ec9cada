"""What the engine does now, as one sentence. Pure functions of rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.store import Run, RunStatus
from studio import wording


@dataclass(frozen=True)
class EngineState:
    """What the status bar says.

    Args:
        text: The sentence.
        level: "", "good", "warn" or "bad": how it is coloured and which icon it gets.
        run_id: The run behind it; None when there is none.
    """

    text: str
    level: str = ""
    run_id: int | None = None


def engine_state(
    runs: Iterable[Run],
    time_left: Callable[[int], float | None],
    *,
    is_up: bool = True,
    owner: str = "",
    last_error: str = "",
) -> EngineState:
    """Say what the engine does.

    Args:
        runs: The runs that train or wait, and any others.
        time_left: Seconds a run still takes, None while unknown.
        is_up: Whether this program's engine thread lives.
        owner: A sentence when another program runs the training of this store.
        last_error: A sentence when the engine cannot work.
    """
    everything = list(runs)
    if last_error:
        return EngineState(last_error, "bad")
    training = sorted((run for run in everything if is_training(run)), key=lambda run: run.started_at or 0)
    waiting = [run for run in everything if run.status is RunStatus.QUEUED]
    waiting.sort(key=lambda run: (run.position, run.id))
    paused = [run for run in everything if run.status is RunStatus.PAUSED and not run.is_lost]
    other = f" {owner}" if owner else ""
    if training:
        return EngineState(_training_words(training, len(waiting), time_left) + other, "good", training[0].id)
    if paused:
        return EngineState(f"Paused: {wording.shortened(paused[0].name)}{other}", "warn", paused[0].id)
    if owner:
        return EngineState(owner, "warn")
    if not is_up:
        return EngineState(
            "Engine off" + (f" · {wording.counted(len(waiting), 'run')} waiting" if waiting else "")
        )
    if waiting:
        return EngineState(f"Starting: {wording.shortened(waiting[0].name)}", "", waiting[0].id)
    return EngineState("Engine idle")


def is_training(run: Run) -> bool:
    """Whether a worker computes for this run right now."""
    return run.status in (RunStatus.STARTING, RunStatus.RUNNING) and not run.is_lost


def progress_words(run: Run, seconds_left: float | None) -> str:
    """Say how far a run is: "42 % · 3 min left"; before the first step, what the worker prepares."""
    if run.status is RunStatus.STARTING or run.total_steps == 0 or run.step == 0:
        return run.phase or "starting"
    words = wording.percent(run.share, 0)
    return f"{words} · {wording.rough_duration(seconds_left)} left" if seconds_left is not None else words


def _training_words(training: list[Run], waiting: int, time_left: Callable[[int], float | None]) -> str:
    first = training[0]
    total = len(training) + waiting
    which = "1" if len(training) == 1 else f"1-{len(training)}"
    start = f"Training {which} of {total}" if total > 1 else "Training"
    return f"{start} · {wording.shortened(first.name)} · {progress_words(first, time_left(first.id))}"
