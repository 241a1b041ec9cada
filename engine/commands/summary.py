"""The numbers of a run, read back from the store."""

from statistics import fmean
from typing import Any

from engine.store import Event, Level, Run, RunStatus, Store, events_after, list_artifacts, read_points
from engine.store.standing_alarms import matters, standing_alarms

FEW_STEPS = 10
MOST_EVENTS = 100_000


def summarise(store: Store, run: Run) -> dict[str, Any]:
    """Return a run's result as JSON values; what was not measured is null.

    ``loss_first`` and ``loss_last`` are means of the first and last ten steps, ``knn_before`` and ``knn_after`` the
    top-1 accuracies (0..1) of the untrained and of the last evaluated trained encoder.
    """
    loss = _values(store, run.id, "loss")
    knn = {step: value for step, value, _ in read_points(store, run.id, "knn") if value is not None}
    trained = [value for step, value in knn.items() if step > 0]
    checkpoints = list_artifacts(store, run.id, kind="checkpoint")
    return {
        "run": run.id,
        "name": run.name,
        "status": run.status.value,
        "method": run.method,
        "images_seen": run.images_seen,
        "images_per_second": _mean(_values(store, run.id, "images_per_second")),
        "loss_first": _mean(loss[:FEW_STEPS]),
        "loss_last": _mean(loss[-FEW_STEPS:]),
        "knn_before": knn.get(0),
        "knn_after": _last(trained),
        "feature_spread": _last(_values(store, run.id, "feature_spread")),
        "effective_rank": _last(_values(store, run.id, "effective_rank")),
        "step": run.step,
        "total_steps": run.total_steps,
        "epoch": round(run.epoch, 4),
        "seconds": _seconds(run),
        "device": run.claimed_device or run.device,
        "seed": run.seed,
        "data": run.recipe.get("data", {}).get("location"),
        "fingerprint": run.fingerprint,
        "checkpoint": str(checkpoints[-1].path) if checkpoints else None,
        "store": store.where,
        "alarms": [
            {"message": alarm.message, "detail": alarm.detail, **alarm.data}
            for alarm in alarms_of(store, run)
        ],
        "error": run.error or None,
        "fix": run.error_fix or None,
    }


def describe_end(run: Run, summary: dict[str, Any]) -> str:
    """Say how a run ended, for a person."""
    words = {
        RunStatus.FINISHED: "is finished",
        RunStatus.STOPPED: f"was stopped; 'ssl-engine resume {run.id}' goes on",
        RunStatus.PAUSED: f"is paused; 'ssl-engine resume {run.id}' goes on",
        RunStatus.FAILED: f"failed; 'ssl-engine resume {run.id}' tries again",
    }
    lines = [f"Run {run.id} {words.get(run.status, f'is {run.status.value}')}."]
    if summary["loss_last"] is not None:
        lines.append(f"  loss {summary['loss_first']:.4f} -> {summary['loss_last']:.4f}")
    judged = [summary[name] for name in ("knn_before", "knn_after") if summary[name] is not None]
    if judged:
        lines.append(f"  k-NN {' -> '.join(f'{value:.1%}' for value in judged)}")
    if summary["images_per_second"] is not None:
        lines.append(f"  {run.images_seen:,} pictures, {summary['images_per_second']:.1f} a second")
    for alarm in summary["alarms"]:
        lines += [f"  Alarm: {alarm['message']}", *(f"    {line}" for line in alarm["detail"].splitlines())]
    return "\n".join(lines)


def alarms_of(store: Store, run: Run) -> list[Event]:
    """The alarms of a run that hold, oldest first; why it failed is said by its row."""
    told = events_after(store, run_id=run.id, limit=MOST_EVENTS)
    standing = standing_alarms([event for event in told if matters(event)], run).values()
    return [event for event in standing if event.level is not Level.ERROR]


def _values(store: Store, run_id: int, name: str) -> list[float]:
    """Return the finite values of a series in order of step."""
    return [value for _, value, _ in read_points(store, run_id, name) if value is not None]


def _mean(values: list[float]) -> float | None:
    return fmean(values) if values else None


def _last(values: list[float]) -> float | None:
    return values[-1] if values else None


def _seconds(run: Run) -> float | None:
    """How long the run has worked in all its sessions; null before it has ended."""
    if run.finished_at is None:
        return None
    worked = run.seconds_worked(run.finished_at)
    return None if worked is None else round(worked, 2)
