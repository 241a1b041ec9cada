"""The job of the processes beside process 0: train the same steps on their share of every batch, and write nothing."""

import logging
import time
from contextlib import closing
from dataclasses import replace

from engine.compute import resolve_device
from engine.data.loader import warm_loaders
from engine.declared import recipe_from_dict
from engine.distributed import from_first, joined, wait_for_all
from engine.errors import EngineError
from engine.jobs.assembly import assemble
from engine.jobs.caching import cache_folder, existing_cache
from engine.jobs.keeper import Keeper
from engine.jobs.starting_weights import starting_weights
from engine.jobs.versions import in_range_of
from engine.jobs.words import Skipped, Word, exchange
from engine.parts import start_from
from engine.recipe import Recipe
from engine.store import Store, get_run
from engine.trainer import StepReport, Trainer

# Torchrun ends all processes when one does. Process 0 mostly has the same problem, and is left the time to tell it.
LAST_WORDS_SECONDS = 10.0

logger = logging.getLogger(__name__)


def follow(store: Store, run_id: int, device: str) -> bool:
    """Train beside process 0 until it says to leave.

    Args:
        store: Only read here.
        run_id: Which run.
        device: What this process computes on.

    Returns:
        False when this process could not go on; its log says why.
    """
    try:
        with joined(resolve_device(device)):
            FollowerJob(store, run_id, device).run()
    except EngineError as problem:
        logger.error("%s %s", problem.message, problem.fix)
        time.sleep(LAST_WORDS_SECONDS)
        return False
    return True


class FollowerJob:
    """The part of one process in a run, from assembly to its end."""

    def __init__(self, store: Store, run_id: int, device: str) -> None:
        self._store, self._run_id, self._device = store, run_id, device
        self._skipped: Skipped = []

    def run(self) -> None:
        """Assemble, take over the weights, train."""
        run = get_run(self._store, self._run_id)
        recipe = in_range_of(recipe_from_dict(run.recipe), run.versions or {})
        assembly = assemble(recipe, self._device)
        if assembly.loader_workers:
            warm_loaders()
        trainer = Trainer(assembly.make_method(), assembly.plan, assembly.compute, assembly.make_normalise())
        self._resume(trainer, recipe)
        wait_for_all()  # process 0 builds the cache of decoded pictures where there is to be one
        assembly = replace(assembly, pictures=existing_cache(assembly, cache_folder(self._store)))
        with closing(assembly.make_batches(trainer.step)) as batches:
            trainer.train(batches, record=self._record, control=self._control)

    def _resume(self, trainer: Trainer, recipe: Recipe) -> None:
        """Take the state of the checkpoint that process 0 chose, or start from the weights that the recipe names."""
        step = from_first(None)
        if step:
            keeper = Keeper(self._store, self._run_id, keep=1, total_steps=trainer.plan.total_steps)
            trainer.load_state(keeper.at(step, trainer.compute.device).trainer)
        elif (start := starting_weights(self._store, recipe)) is not None:
            start_from(trainer.method, start.state)
        wait_for_all()

    def _record(self, report: StepReport) -> None:
        self._skipped = report.skipped

    def _control(self) -> bool:
        word, _ = exchange(skipped=self._skipped)
        while word is Word.WAIT:
            word, _ = exchange()
        return word is Word.LEAVE
