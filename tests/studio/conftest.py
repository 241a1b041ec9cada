"""Runs in a real store, in any state a test needs."""

import time

import pytest

from engine.declared import make_recipe
from engine.store import RunStatus, beat, claim_run, create_run, get_run, update_run, write_metrics


@pytest.fixture
def make_run(store):
    """Make a run and bring it to a state by the ways a worker would take."""

    def make(name="MAE shapes", status=RunStatus.QUEUED, *, step=0, total=1000, pid=4242, **values):
        recipe = make_recipe("mae", "quick").model_dump()
        run = create_run(store, name=name, method="mae", recipe=recipe, seed=0, **values)
        if status is RunStatus.QUEUED:
            return run
        claim_run(store, device="cpu", host="here", run_id=run.id)
        if status is RunStatus.STARTING:
            return get_run(store, run.id)
        update_run(store, run.id, status=RunStatus.RUNNING, pid=pid, total_steps=total)
        if step:
            beat(store, run.id, step=step, epoch=step / 10, images_seen=step * 32)
        if status is not RunStatus.RUNNING:
            update_run(store, run.id, status=status)
        return get_run(store, run.id)

    return make


@pytest.fixture
def lose(store):
    """Make a run's last sign of life an hour old, as after a crash of the computer."""
    from sqlalchemy import text

    def make_lost(run):
        with store.begin() as connection:
            connection.execute(
                text("UPDATE run SET heartbeat_at = :then WHERE id = :id"),
                {"then": time.time() - 3600, "id": run.id},
            )
        return get_run(store, run.id)

    return make_lost


@pytest.fixture
def add_points(store):
    """Write a series of a run: ``add_points(run, "loss", {0: 1.0, 1: 0.9})``."""

    def add(run, name, points):
        write_metrics(store, run.id, [(name, step, value, 1000.0 + step) for step, value in points.items()])

    return add
