"""The one place where a job's errors become a row: a sentence for the person, the trace for the log."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from pydantic import ValidationError

from engine.errors import EngineError, StoreError
from engine.store import Level, RunStatus, Store, add_event, update_run


@contextmanager
def told_in_words(store: Store, run_id: int) -> Iterator[None]:
    """End the run as failed, with what was wrong and what to do, when the block raises."""
    try:
        yield
    except EngineError as problem:
        _fail(store, run_id, problem.message, problem.fix)
    except torch.OutOfMemoryError:
        _fail(
            store,
            run_id,
            "The device ran out of memory.",
            "Lower the batch size and raise the batches per step as much, then resume.",
        )
    except MemoryError:
        _fail(
            store,
            run_id,
            "The computer ran out of memory.",
            "Lower the batch size or the loader processes, then resume.",
        )
    except ValidationError as problem:
        _fail(
            store,
            run_id,
            f"The recipe of this run cannot be read: {problem.errors()[0]['msg']}.",
            "Start a new run.",
        )
    except Exception as problem:  # noqa: BLE001 (whatever it is, the person reads it in the window)
        _fail(
            store,
            run_id,
            f"The run broke: {type(problem).__name__}: {problem}.",
            "The log has the details; resume it to try again.",
        )


def _fail(store: Store, run_id: int, message: str, fix: str) -> None:
    trace = traceback.format_exc()
    try:
        add_event(store, run_id, Level.ERROR, f"{message} {fix}".strip(), detail=trace)
        update_run(store, run_id, status=RunStatus.FAILED, error=message, error_fix=fix, pid=None, phase="")
    except StoreError:
        # The store itself is what failed, such as on a full disk: the worker's log is all that is left to tell.
        print(f"{message} {fix}\n{trace}", flush=True)  # noqa: T201
