"""Whether a queued run could ever be trained by anybody, from its row alone."""

import re
from typing import Any

from engine.store import Run
from engine.supervisor.worker_exit import Explanation

TRAINED_KINDS = ("pretrain",)
MOST_PROCESSES = 1024
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,4})?")
NEW_RUN = "Start a new run."


def why_unfit(run: Run) -> Explanation | None:
    """Say why a run can never be trained, None when it may be; one that waits for a device of another computer may."""
    if run.damage:
        return Explanation(run.damage, f"{NEW_RUN} Or put back a copy of the store.")
    if run.kind not in TRAINED_KINDS:
        return Explanation(f"A run of the kind {run.kind!r} cannot be trained.", NEW_RUN)
    if not _DEVICE.fullmatch(run.device):
        fix = f"{NEW_RUN} A device is auto, cpu, mps, cuda or cuda:0."
        return Explanation(f"There is no device called {run.device!r}.", fix)
    asked = _asked_processes(run)
    if not isinstance(asked, int) or not 1 <= asked <= MOST_PROCESSES:
        message = f"The recipe asks for {str(asked)[:40]!r} processes, which is no number from 1 to {MOST_PROCESSES}."
        return Explanation(message, NEW_RUN)
    return None


def processes_of(run: Run) -> int:
    """How many processes train a run together, as its recipe says; 1 where it says nothing that can be used."""
    asked = _asked_processes(run)
    return max(asked, 1) if isinstance(asked, int) else 1


def _asked_processes(run: Run) -> Any:
    return run.recipe.get("training", {}).get("processes", 1)
