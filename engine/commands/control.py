"""Pause, resume and stop a run that another process does, by rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.options import RunArgument, StoreOption
from engine.commands.speech import say

if TYPE_CHECKING:
    from engine.store import Run, Store


def pause(
    run_id: RunArgument,
    release: Annotated[bool, typer.Option("--release", help="Save, and leave the device to others.")] = False,
    store: StoreOption = None,
) -> None:
    """Pause a run after its current step."""
    from engine.errors import StoreError
    from engine.store import CommandKind, RunStatus, send_command

    with _opened(store, run_id) as (opened, run):
        if run.status is RunStatus.QUEUED:
            raise StoreError(
                f"Run {run_id} has not started yet.", f"'ssl-engine stop {run_id}' takes it out of the queue."
            )
        send_command(opened, run_id, CommandKind.PAUSE, release=release)
    how = "saves and leaves its device" if release else "waits"
    say(f"Run {run_id} {how} after its current step; 'ssl-engine resume {run_id}' goes on.")


def resume(run_id: RunArgument, store: StoreOption = None) -> None:
    """Go on with a paused, stopped, failed or lost run from where it is."""
    from engine.store import CommandKind, RunStatus, requeue_run, send_command

    with _opened(store, run_id) as (opened, run):
        if run.status is RunStatus.PAUSED and run.is_active and not run.is_lost:
            send_command(opened, run_id, CommandKind.RESUME)
            say(f"Run {run_id} goes on.")
            return
        place = _where_it_goes_on(opened, run) if run.is_resumable else ""  # else the store says why not
        requeue_run(opened, run_id)
        say(f"Run {run_id} is queued and {place}. {_who_takes_it(opened)}")


def stop(
    run_id: RunArgument,
    now: Annotated[
        bool, typer.Option("--now", help="Do not save; end the process if it does not answer.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Stop a run after its current step and save it."""
    from engine.store import CommandKind, RunStatus, send_command, update_run

    with _opened(store, run_id) as (opened, run):
        is_released = run.status is RunStatus.PAUSED and not run.is_active
        if run.status is RunStatus.QUEUED or is_released or run.is_lost:  # nobody is there to obey
            update_run(opened, run_id, status=RunStatus.STOPPED)
            say(f"Run {run_id} is stopped.")
            return
        send_command(opened, run_id, CommandKind.STOP_NOW if now else CommandKind.STOP)
    say(f"Run {run_id} stops {'at once' if now else 'after its current step and is saved'}.")


@contextmanager
def _opened(location: str | None, run_id: int) -> "Iterator[tuple[Store, Run]]":
    """Open the store and read the run."""
    from engine.store import get_run, open_store

    store = open_store(location)
    try:
        yield store, get_run(store, run_id)
    finally:
        store.close()


def _where_it_goes_on(store: "Store", run: "Run") -> str:
    """Say from which checkpoint a run goes on: the newest whose file is as it was written.

    Raises:
        CheckpointError: When there are some and none of them is.
    """
    from engine.errors import CheckpointError
    from engine.jobs.checkpoint_files import unnoted
    from engine.sealed_file import is_as_written
    from engine.store import list_artifacts

    checkpoints = list_artifacts(store, run.id, "checkpoint")
    for checkpoint in reversed(checkpoints):
        if is_as_written(checkpoint.path, checkpoint.meta.get("digest", "")):
            later = [step for step in unnoted(store, run.id) if step > checkpoint.step]
            or_later = f", or from step {later[-1]:,} if that checkpoint is whole" if later else ""
            return f"goes on from step {checkpoint.step:,}{or_later}"
    if checkpoints:
        raise CheckpointError(
            f"No checkpoint of run {run.id} is there as it was written.",
            f"Put good copies of the files into {checkpoints[-1].path.parent}, or start a new run from its recipe.",
        )
    return "starts at its beginning, for it has no checkpoint"


def _who_takes_it(store: "Store") -> str:
    """Say whether somebody is there to take queued runs."""
    from engine.supervisor.lease import EngineLease

    if EngineLease(store, "ssl-engine").is_free():
        return "Open the studio or start 'ssl-engine worker' to train it."
    return "It starts when its device is free."
