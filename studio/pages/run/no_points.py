"""Why a run has no curves. A pure function of its row."""

from engine.imported_settings import IMPORTED
from engine.store import Run, RunStatus

_AT_REST = {
    RunStatus.DRAFT: "No points: this run was never started.",
    RunStatus.FINISHED: "No points: this run ended without writing any.",
    RunStatus.STOPPED: "No points: this run was stopped before it wrote any. Resume goes on from where it stands.",
    RunStatus.FAILED: "No points: this run failed before it wrote any. What went wrong is said above and in its log.",
}


def no_points_words(run: Run) -> str:
    """Say why a run has no points: only of one that goes on is it true that they will come.

    Args:
        run: The run as last read.
    """
    if run.kind == IMPORTED:
        return "No curves: these weights were trained elsewhere. What was read of them stands in the log."
    if run.is_lost:
        return "No points: the worker of this run gave no sign of life before it wrote any."
    return _AT_REST.get(run.status, "No points yet. The first ones come with the first steps.")
