"""The network of a run as its newest checkpoint has it, for everything that happens after training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.declared import recipe_from_dict
from engine.errors import CheckpointError
from engine.jobs.keeper import Keeper
from engine.method import Method
from engine.nn.encoder import Encoder
from engine.parts import make_method
from engine.recipe import Recipe
from engine.store import Run, Store, get_run


@dataclass(frozen=True)
class Trained:
    """A run and its network, in evaluation mode on the CPU.

    Args:
        run: The run's row.
        recipe: Its recipe.
        method: Its network.
        step: Optimizer updates of it.
        origin: Where the weights that the run started from come from; empty where it started from chance.
    """

    run: Run
    recipe: Recipe
    method: Method
    step: int
    origin: Mapping[str, Any]

    @property
    def encoder(self) -> Encoder:
        """The network that is kept: a teacher where the method judges by one."""
        return self.method.evaluated_encoder


def load_trained(store: Store, run_id: int) -> Trained:
    """Load the newest checkpoint of a run that can be read.

    Raises:
        StoreError: If there is no such run.
        CheckpointError: If it has no checkpoint, or none that fits.
    """
    run = get_run(store, run_id)
    recipe = recipe_from_dict(run.recipe)
    content, complaints = Keeper(store, run_id, keep=1, total_steps=run.total_steps).newest()
    if content is None:
        reason = f" {complaints[0]}" if complaints else ""
        raise CheckpointError(
            f"Run {run_id} has no checkpoint.{reason}", "Train it first, or press Save now."
        )
    method = make_method(recipe, num_classes=int(content.get("num_classes", 0))).eval()
    try:
        method.load_state_dict(content["trainer"]["method"])
    except (KeyError, RuntimeError) as problem:
        raise CheckpointError(
            f"The newest checkpoint of run {run_id} does not fit its network.",
            "Start a new run from its recipe.",
        ) from problem
    return Trained(run, recipe, method, int(content["step"]), dict(content.get("origin") or {}))
