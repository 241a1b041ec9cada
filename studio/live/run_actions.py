"""What a person can do with a run, decided by its row alone, and the store's verb behind each.

A button asks ``possible`` whether it is enabled and calls ``perform``; nothing about a run is remembered in widgets.
"""

from enum import StrEnum

from engine.imported_settings import IMPORTED
from engine.store import CommandKind, Run, RunStatus, Store, create_run, requeue_run, send_command, update_run


class Action(StrEnum):
    """Something to do with a run."""

    PAUSE = "pause"
    RELEASE = "release"
    RESUME = "resume"
    STOP = "stop"
    STOP_NOW = "stop_now"
    SAVE = "save"
    REPEAT = "repeat"
    UNQUEUE = "unqueue"
    START_FROM = "start_from"
    EXPORT = "export"
    EMBED = "embed"
    LOOK = "look"


ASKED = {
    Action.PAUSE: "Asked to pause; the worker does so after its current step.",
    Action.RELEASE: "Asked to save, pause and free the device.",
    Action.RESUME: "Asked to go on.",
    Action.STOP: "Asked to stop and save.",
    Action.STOP_NOW: "Asked to stop at once.",
    Action.SAVE: "Asked to save a checkpoint now.",
    Action.REPEAT: "Queued again.",
    Action.UNQUEUE: "Taken out of the queue.",
}
"""What is said until the row itself says that it is done."""

OF_PAGES = frozenset({Action.LOOK, Action.START_FROM, Action.EXPORT, Action.EMBED})
"""What changes no row: a page does it with a run that has weights."""

_COMMANDS = {
    Action.PAUSE: CommandKind.PAUSE,
    Action.STOP: CommandKind.STOP,
    Action.STOP_NOW: CommandKind.STOP_NOW,
    Action.SAVE: CommandKind.SAVE,
}


def possible(run: Run) -> frozenset[Action]:
    """What can be done with a run now; what it has learned so far can be looked at while it trains."""
    looks = frozenset({Action.LOOK} if run.step > 0 else ())
    return _possible_at_work(run) | looks


def _possible_at_work(run: Run) -> frozenset[Action]:
    if run.is_lost:
        return frozenset({Action.RESUME, Action.STOP_NOW})
    if run.status is RunStatus.RUNNING:
        return frozenset({Action.PAUSE, Action.RELEASE, Action.STOP, Action.STOP_NOW, Action.SAVE})
    if run.status is RunStatus.STARTING:
        return frozenset({Action.STOP_NOW})
    if run.status is RunStatus.PAUSED:
        held = {Action.RESUME, Action.RELEASE, Action.STOP, Action.STOP_NOW, Action.SAVE}
        return frozenset(held if run.pid is not None else {Action.RESUME})
    if run.status is RunStatus.QUEUED:
        return frozenset({Action.UNQUEUE})
    return _possible_at_rest(run)


def _possible_at_rest(run: Run) -> frozenset[Action]:
    """What can be done with a run that no worker holds or is asked to hold."""
    is_start = run.status is RunStatus.FINISHED or run.step > 0
    starts = OF_PAGES if is_start else frozenset[Action]()
    if run.kind == IMPORTED:
        return starts
    if run.status in (RunStatus.FINISHED, RunStatus.DRAFT):
        return starts | {Action.REPEAT}
    return starts | {Action.RESUME, Action.REPEAT}


def perform(store: Store, run: Run, action: Action) -> Run | None:
    """Do it, by rows; not for ``OF_PAGES``.

    Args:
        store: Where the run is.
        run: The run as its row was last read.
        action: One of ``possible(run)``.

    Returns:
        The new run where the action makes one, else None.

    Raises:
        StoreError: The row has changed meanwhile, or the store cannot be written; in words.
    """
    if action is Action.REPEAT:
        return _repeat(store, run)
    if action is Action.RESUME:
        _resume(store, run)
    elif action is Action.RELEASE:
        send_command(store, run.id, CommandKind.PAUSE, release=True)
    elif action is Action.UNQUEUE:
        # A run that has trained keeps its checkpoints and stays resumable; one that has not is a draft again.
        update_run(store, run.id, status=RunStatus.STOPPED if run.step else RunStatus.DRAFT)
    elif action is Action.PAUSE:
        send_command(store, run.id, CommandKind.PAUSE, release=False)
    else:
        send_command(store, run.id, _COMMANDS[action])
    return None


def _resume(store: Store, run: Run) -> None:
    if run.status is RunStatus.PAUSED and run.pid is not None and not run.is_lost:
        send_command(store, run.id, CommandKind.RESUME)
    else:
        requeue_run(store, run.id)


def _repeat(store: Store, run: Run) -> Run:
    if run.status is RunStatus.DRAFT:
        return update_run(store, run.id, status=RunStatus.QUEUED)
    return create_run(
        store,
        name=run.name,
        kind=run.kind,
        method=run.method,
        recipe=run.recipe,
        seed=run.seed,
        device=run.device,
        dataset_id=run.dataset_id,
        fingerprint=run.fingerprint,
    )
