"""The one place where a job's errors become a row: a sentence for the person, the trace for the log."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from pydantic import ValidationError

from engine.errors import EngineError, StoreError
from engine.store import Level, RunStatus, Store, add_event, update_run

logger = logging.getLogger(__name__)


@contextmanager
def told_in_words(store: Store, run_id: int) -> Iterator[list[EngineError]]:
    """End the run as failed, with what was wrong and what to do, when the block raises.

    Yields:
        A list that holds the problem afterwards when it could not be written to the store either.
    """
    untold: list[EngineError] = []
    try:
        yield untold
    except EngineError as problem:
        untold += _fail(store, run_id, problem.message, problem.fix)
    except torch.OutOfMemoryError:
        untold += _fail(
            store,
            run_id,
            "The device ran out of memory.",
            "Lower the batch size and raise the batches per step as much, then resume.",
        )
    except MemoryError:
        untold += _fail(
            store,
            run_id,
            "The computer ran out of memory.",
            "Lower the batch size or the loader processes, then resume.",
        )
    except ValidationError as problem:
        untold += _fail(
            store,
            run_id,
            f"The recipe of this run cannot be read: {problem.errors()[0]['msg']}.",
            "Start a new run.",
        )
    except Exception as problem:  # noqa: BLE001 (whatever it is, the person reads it in the window)
        untold += _fail(
            store,
            run_id,
            f"The run broke: {type(problem).__name__}: {problem}.",
            "The log has the details; resume it to try again.",
        )


def _fail(store: Store, run_id: int, message: str, fix: str) -> list[EngineError]:
    """Write the failure down; returns it when that failed as well, as on a full disk."""
    trace = traceback.format_exc()
    try:
        add_event(store, run_id, Level.ERROR, f"{message} {fix}".strip(), detail=trace)
        update_run(store, run_id, status=RunStatus.FAILED, error=message, error_fix=fix, pid=None, phase="")
    except StoreError:
        logger.error("%s %s\n%s", message, fix, trace)  # a worker's log is all that is left to tell
        return [EngineError(message, fix)]
    return []
