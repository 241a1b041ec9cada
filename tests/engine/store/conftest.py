"""A real store in a temporary folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.store import Run, RunStatus, Store, create_run, open_store, update_run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def make_run(store: Store) -> Callable[..., Run]:
    """Make a run and lead it along the given states."""

    def make(*ways: RunStatus, **values: object) -> Run:
        wanted = {"name": "a run", "method": "mae", "recipe": {"schema": 1}, "seed": 0, **values}
        run = create_run(store, **wanted)  # type: ignore[arg-type]
        for status in ways:
            run = update_run(store, run.id, status=status)
        return run

    return make


@pytest.fixture
def run(make_run: Callable[..., Run]) -> Run:
    return make_run()
