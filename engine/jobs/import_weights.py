"""Makes a run of a file of weights, so that everything that is done with a trained encoder can be done with it."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoint import Checkpoint
from engine.evaluation_view import READINGS
from engine.imported_settings import IMPORTED
from engine.jobs.keeper import Keeper
from engine.jobs.starting_weights import origin_of
from engine.jobs.versions import versions
from engine.nn.encoders import encoder_size
from engine.parts import make_method, start_from
from engine.recipe import DataSettings, EncoderSettings, Recipe, TrainingSettings
from engine.store import (
    Level,
    Run,
    RunStatus,
    Store,
    add_event,
    claim_run,
    create_run,
    delete_run,
    update_run,
)
from engine.weights.doubts import doubts
from engine.weights.fitting import Fitted
from engine.weights.reading import ForeignWeights, fit_to_itself, recognise
from engine.weights.report import KeyReport


@dataclass(frozen=True)
class Import:
    """What an import made.

    Args:
        run: The run that stands for the weights.
        weights: The file as it was recognised.
        encoder: The encoder that was read from it.
        report: What became of every tensor.
        doubts: What the file leaves open, a sentence each.
    """

    run: Run
    weights: ForeignWeights
    encoder: EncoderSettings
    report: KeyReport
    doubts: tuple[str, ...] = ()


def import_weights(
    store: Store,
    path: Path,
    *,
    name: str = "",
    heads: int | None = None,
    image_size: int | None = None,
    data: str = "builtin:shapes",
) -> Import:
    """Read a file of weights and make a finished run of it.

    Args:
        store: Where the run goes.
        path: The file.
        name: Label of the run; after the file when empty.
        heads: Attention heads, where no published network of this width tells them.
        image_size: Side of the pictures that will be shown, px, where it is not the one of training.
        data: Pictures to look at it with.

    Raises:
        EngineError: In words, before anything is written: what is wrong with the file.
    """
    weights = recognise(path)
    encoder, channels, fitted = fit_to_itself(weights, heads=heads, image_size=image_size)
    known = weights.known
    recipe = Recipe(
        kind="imported",
        method=IMPORTED,
        preset="",
        data=DataSettings(location=data, channels=1 if channels == 1 else 3, normalise=known.expects.name),
        encoder=encoder,
        training=TrainingSettings(knn_every_epochs=0),
        settings={
            "file": path.name,
            "format": known.name,
            "sha256": weights.file.sha256,
            "licence": known.licence.name,
            "is_restricted": known.licence.is_restricted,
            "pooling": weights.read.reading,
        },
    )
    run = create_run(
        store,
        name=name or f"{path.stem} ({known.title})",
        kind=IMPORTED,
        method=IMPORTED,
        recipe=recipe.model_dump(mode="json"),
        seed=0,
        device="cpu",
        status=RunStatus.DRAFT,  # no engine takes a draft, so that this process may
    )
    try:
        done = _fill(store, run, recipe, fitted, weights)
    except BaseException:
        _forget(store, run)
        raise
    return Import(done, weights, encoder, fitted.report, tuple(doubts(weights, fitted.report)))


def _fill(store: Store, run: Run, recipe: Recipe, fitted: Fitted, weights: ForeignWeights) -> Run:
    """Take the run, write its one checkpoint and its log, and end it."""
    claim_run(store, device="cpu", host=socket.gethostname(), run_id=run.id)
    update_run(
        store,
        run.id,
        status=RunStatus.RUNNING,
        pid=os.getpid(),
        phase="importing",
        versions=dict(versions("cpu", "fp32", 0)),
    )
    method = make_method(recipe)
    start_from(method, fitted.state)
    checkpoint = Checkpoint(
        step=0,
        trainer={"method": method.state_dict()},
        recipe=recipe.model_dump_json(),
        origin=origin_of(weights),
    )
    Keeper(store, run.id, keep=1, total_steps=0).save(checkpoint)
    known = weights.known
    add_event(
        store,
        run.id,
        Level.INFO,
        f"{weights.file.path.name} is {known.title}: {fitted.report}.",
        detail=fitted.report.as_text(),
    )
    add_event(
        store, run.id, Level.INFO, f"Pictures are normalised {known.expects.source} ({known.expects.name})."
    )
    if encoder_size(recipe.encoder.name).family == "vit":
        read = READINGS[weights.read.reading]
        add_event(store, run.id, Level.INFO, f"A picture's features are {read}, {weights.read.source}.")
    for doubt in doubts(weights, fitted.report):
        add_event(store, run.id, Level.WARNING, doubt)
    add_event(store, run.id, Level.WARNING if known.licence.is_restricted else Level.INFO, known.licence.note)
    return update_run(store, run.id, status=RunStatus.FINISHED, pid=None, phase="")


def _forget(store: Store, run: Run) -> None:
    """Leave nothing of an import that did not come to its end."""
    stopped = update_run(store, run.id, status=RunStatus.FAILED, pid=None)
    delete_run(store, stopped.id)
