"""The weights that a run starts from, where a recipe names some: another run's encoder, or a file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import SettingsError
from engine.jobs.trained import load_trained
from engine.local_path import local_path
from engine.nn.encoders import encoder_size, make_encoder
from engine.nn.normalise import Normalise
from engine.parts import make_normalise
from engine.recipe import Recipe
from engine.store import Store
from engine.weights.architecture import USUAL_HEADS
from engine.weights.fitting import fit
from engine.weights.key_map import MappedKeys
from engine.weights.reading import ForeignWeights, encoder_of, recognise
from engine.weights.report import KeyReport

_RUN = re.compile(r"run:\s*(\d+)")


@dataclass(frozen=True)
class StartingWeights:
    """What a run starts from.

    Args:
        state: Every tensor of its encoder.
        report: What became of the tensors of the source.
        origin: Where they come from and under which licence, as plain values.
        warning: What the person should know; empty when there is nothing.
    """

    state: Mapping[str, Tensor]
    report: KeyReport
    origin: Mapping[str, Any]
    warning: str = ""


def starting_weights(store: Store, recipe: Recipe) -> StartingWeights | None:
    """Read and fit what ``encoder.weights`` names; None where a run starts from chance.

    Raises:
        EngineError: In words: no such run or file, or weights that do not fit the encoder.
    """
    wanted = recipe.encoder.weights.strip()
    if not wanted:
        return None
    if found := _RUN.fullmatch(wanted):
        return _of_run(store, int(found[1]), recipe)
    return _of_file(local_path(wanted), recipe)


def _of_run(store: Store, run_id: int, recipe: Recipe) -> StartingWeights:
    source = load_trained(store, run_id)
    theirs, ours = encoder_size(source.recipe.encoder.name), encoder_size(recipe.encoder.name)
    _check_heads(theirs.heads, ours.heads)
    state = source.encoder.network.state_dict()
    mapped = MappedKeys(dict(state), {name: [name] for name in state})
    origin = {**source.origin, "run": run_id, "name": source.run.name, "step": source.step}
    return _fitted(mapped, recipe, origin, make_normalise(source.recipe), f"run {run_id}")


def _of_file(path: Path, recipe: Recipe) -> StartingWeights:
    weights = recognise(path)
    width = encoder_size(recipe.encoder.name).width
    theirs = weights.known.heads.get(width, USUAL_HEADS.get(width, 0))
    if weights.known.heads.get(width) == 0:
        raise SettingsError(
            f"{path.name} does not say how many attention heads it is for, and there are networks of both kinds.",
            f"Import it with its number, such as --heads {max(width // 64, 1)}, and start from that run.",
            field="encoder.weights",
        )
    ours = encoder_size(recipe.encoder.name).heads
    _check_heads(weights.beside.heads or theirs, ours)
    encoder_of(weights, heads=ours)  # refuses what only looks like an encoder of ours
    expects = recipe.model_copy(
        update={"data": recipe.data.model_copy(update={"normalise": weights.known.expects.name})}
    )
    return _fitted(weights.mapped, recipe, origin_of(weights), make_normalise(expects), path.name)


def _fitted(
    mapped: MappedKeys, recipe: Recipe, origin: Mapping[str, Any], expects: Normalise, source: str
) -> StartingWeights:
    with (
        torch.random.fork_rng()
    ):  # what is missing starts from the run's seed, and its other draws stay as they are
        torch.manual_seed(recipe.training.seed)
        fitted = fit(mapped, make_encoder(recipe.encoder, channels=recipe.data.channels))
    return StartingWeights(
        fitted.state, fitted.report, origin, _warning(expects, make_normalise(recipe), source)
    )


def _warning(expects: Normalise, shown: Normalise, source: str) -> str:
    """Say so when pictures are not normalised as the weights were trained with."""
    if torch.equal(expects.mean, shown.mean) and torch.equal(expects.std, shown.std):
        return ""
    mean, std = (
        " ".join(f"{value:g}" for value in part.flatten().tolist()) for part in (expects.mean, expects.std)
    )
    return (
        f"The weights of {source} expect pictures with mean {mean} and deviation {std} taken out, and this run does "
        "otherwise; data.normalise changes that."
    )


def _check_heads(theirs: int, ours: int) -> None:
    """Heads leave no trace in any shape, so that only a comparison finds the difference."""
    if theirs and ours and theirs != ours:
        raise SettingsError(
            f"The weights are for {theirs} attention heads, this run's encoder has {ours}.",
            "Choose the encoder that the weights were trained with.",
            field="encoder.name",
        )


def origin_of(weights: ForeignWeights) -> dict[str, Any]:
    """Where a file's weights come from, as plain values that a checkpoint keeps."""
    known = weights.known
    return {
        "file": weights.file.path.name,
        "sha256": weights.file.sha256,
        "format": known.name,
        "licence": known.licence.name,
        "restricted": known.licence.is_restricted,
        "licence_note": known.licence.note,
    }
