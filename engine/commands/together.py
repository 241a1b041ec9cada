"""Train a run in several processes from the command line: start them, and tell how far they are."""

import time

from engine.declared import recipe_from_dict
from engine.jobs.job_progress import JobProgress, OnProgress
from engine.store import Level, Run, RunStatus, Store, add_event, get_run, series_summaries, update_run
from engine.supervisor.engine_thread import WORKER_COMMAND
from engine.supervisor.worker_exit import explain_exit
from engine.supervisor.worker_process import WorkerProcess

POLL_SECONDS = 0.3
END_SECONDS = 10.0


def train_together(store: Store, run_id: int, *, on_progress: OnProgress) -> Run:
    """Do a claimed run in as many processes as its recipe says, under torchrun.

    Args:
        store: Where the run is.
        run_id: Which run; commands reach it through the store, as they would in one process.
        on_progress: Called a few times a second.

    Returns:
        The run as it ended; its processes have ended, too, also when this is interrupted.
    """
    recipe = recipe_from_dict(get_run(store, run_id).recipe)
    command = [*WORKER_COMMAND, "--store", store.url, "--run-id", str(run_id)]
    folder = store.run_folder(run_id)
    process = WorkerProcess.launch(run_id, command, folder, processes=recipe.training.processes)
    try:
        while process.is_alive:
            on_progress(_progress(store, run_id))
            time.sleep(POLL_SECONDS)
    finally:
        process.kill()
        process.wait(END_SECONDS)
    run = get_run(store, run_id)
    if run.is_active:
        tail = process.log_tail()
        why = explain_exit(process.exit_code, tail)
        add_event(store, run_id, Level.ERROR, f"{why.message} {why.fix}", detail=tail, step=run.step)
        run = update_run(
            store, run_id, status=RunStatus.FAILED, error=why.message, error_fix=why.fix, pid=None
        )
    return run


def _progress(store: Store, run_id: int) -> JobProgress:
    """How far the run is, as its row and its curves say."""
    run = get_run(store, run_id)
    series = series_summaries(store, [run_id]).get(run_id, {})
    latest = {name: summary.last_value for name, summary in series.items() if summary.last_value is not None}
    return JobProgress(run.step, run.total_steps, run.epoch, run.phase, latest)
