"""The network of a run as its newest checkpoint has it, for everything that happens after training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.checkpoint import Checkpoint
from engine.declared import recipe_from_dict
from engine.errors import CheckpointError
from engine.evaluation_view import EvaluationView, view_of
from engine.jobs.keeper import Keeper
from engine.jobs.versions import in_range_of
from engine.method import Method
from engine.nn.encoder import Encoder
from engine.parts import make_method, make_normalise, method_parts
from engine.recipe import Recipe
from engine.state_fit import check_network
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

    @property
    def view(self) -> EvaluationView:
        """What a picture passes and how the network is read, in everything that is done with it."""
        return view_of(self.encoder, self.recipe, make_normalise(self.recipe))


def load_trained(store: Store, run_id: int) -> Trained:
    """Load the newest checkpoint of a run that can be read.

    Raises:
        StoreError: If there is no such run.
        CheckpointError: If it has no checkpoint, or none that fits.
    """
    run = get_run(store, run_id)
    recipe = in_range_of(recipe_from_dict(run.recipe), run.versions or {})

    def take(checkpoint: Checkpoint) -> Trained:
        method = network_of(checkpoint, recipe)
        return Trained(run, recipe, method, checkpoint.step, dict(checkpoint.origin))

    trained, _ = Keeper(store, run_id, keep=1, total_steps=run.total_steps).newest(take)
    if trained is None:
        raise CheckpointError(f"Run {run_id} has no checkpoint.", "Train it first, or press Save now.")
    return trained


def network_of(checkpoint: Checkpoint, recipe: Recipe) -> Method:
    """The network of a checkpoint, in evaluation mode on the CPU.

    Args:
        checkpoint: As it was read.
        recipe: What its run was asked for.

    Raises:
        CheckpointError: If the checkpoint does not fit.
        SettingsError: If the recipe contradicts itself.
    """
    classes, weights = checkpoint.num_classes, checkpoint.weights
    if method_parts(recipe)[0].needs_labels and not any(classes in value.shape for value in weights.values()):
        raise CheckpointError(f"It holds no classifier of {classes:,} classes.", "Choose another checkpoint.")
    method = make_method(recipe, num_classes=classes).eval()
    check_network(method, weights)
    method.load_state_dict(weights)
    return method
