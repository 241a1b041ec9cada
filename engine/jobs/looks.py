"""The looks that the window may ask for, each from a request to arrays; keeps what was loaded last."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
from torch import Tensor

from engine.data.decode import read_picture
from engine.data.readable import as_tensor, picture_tensor
from engine.data.sources import PictureSet, open_pictures
from engine.data.views import resize
from engine.declared import recipe_from_dict
from engine.errors import CheckpointError, DataError, EngineError
from engine.inspection.attention import attend
from engine.inspection.look import Array, Look
from engine.inspection.preview import preview
from engine.inspection.reconstruction import reconstruct
from engine.jobs.checkpoint_files import KIND
from engine.jobs.keeper import Keeper
from engine.jobs.trained import network_of
from engine.jobs.versions import in_range_of
from engine.method import Method
from engine.parts import make_normalise, method_parts
from engine.recipe import Recipe
from engine.store import Artifact, Store, get_run, list_artifacts
from engine.value_range import ValueRange, parse_value_range

Request = dict[str, Any]
KEPT_NETWORKS = 4
KEPT_SETS = 4
MOST_BROKEN = 100  # in a row, that a preview looks past


class Looks:
    """Answers requests; ``operations`` lists what can be asked.

    Args:
        store: Where runs and checkpoints are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pictures = lru_cache(KEPT_SETS)(open_pictures)
        self._network = lru_cache(KEPT_NETWORKS)(self._load_network)
        self.operations: dict[str, Callable[[Request], Look]] = {
            "thumbnails": self._thumbnails,
            "preview": self._preview,
            "reconstruct": self._reconstruct,
            "attention": self._attention,
        }

    def answer(self, request: Request) -> Look:
        """Do what is asked.

        Raises:
            EngineError: In words.
        """
        operation = self.operations.get(str(request.get("op")))
        if operation is None:
            raise EngineError(f"There is no look called '{request.get('op')}'.")
        return operation(request)

    def _thumbnails(self, request: Request) -> Look:
        """Small versions of pictures of a set: those named by ``indices``, or ``count`` spread over it."""
        pictures = self._pictures(request["location"], request.get("kind", "auto"))
        indices = request.get("indices") or _spread(pictures, int(request.get("count", 9)))
        arrays: dict[str, Array] = {}
        labels, names, numbers = [], [], []
        for index in indices:
            try:
                picture = picture_tensor(pictures, int(index), 3)
            except DataError:
                continue  # the scan lists what cannot be read
            arrays[str(len(arrays))] = _shrink(picture, int(request.get("size", 96))).permute(1, 2, 0).numpy()
            labels.append(_label(pictures, int(index)))
            names.append(pictures.describe(int(index)))
            numbers.append(int(index))
        info = {"labels": labels, "names": names, "indices": numbers, "total": len(pictures)}
        return Look(arrays, {}, info)

    def _preview(self, request: Request) -> Look:
        recipe = recipe_from_dict(request["recipe"])
        num_train = request.get("num_train")
        return preview(recipe, self._readable(recipe, request), int(request.get("seed", 0)), num_train)

    def _reconstruct(self, request: Request) -> Look:
        recipe, artifact, method = self._trained(request)
        _, settings, spec = method_parts(recipe)
        ratio = request.get("mask_ratio")
        if ratio is not None and "mask_ratio" in type(settings).model_fields:
            settings = settings.model_copy(update={"mask_ratio": float(ratio)})
        picture, seed = self._picture(recipe, request), int(request.get("seed", 0))
        look = reconstruct(method, settings, spec, picture, seed, sizes=make_normalise(recipe))
        return Look(look.arrays, look.titles, {**look.info, "step": artifact.step, "mask_ratio": ratio})

    def _attention(self, request: Request) -> Look:
        """Where the last block looks; ``size`` is the picture's shorter side in pixels, the run's own by default."""
        recipe, artifact, method = self._trained(request)
        size = int(request.get("size") or recipe.encoder.image_size)
        sizes = make_normalise(recipe)
        look = attend(method.evaluated_encoder, self._picture(recipe, request), size, sizes=sizes)
        return Look(look.arrays, look.titles, {**look.info, "step": artifact.step})

    def _trained(self, request: Request) -> tuple[Recipe, Artifact, Method]:
        """What a request looks into: a run's recipe, its checkpoint, and the network with that checkpoint's weights."""
        run = get_run(self._store, int(request["run"]))
        recipe = in_range_of(recipe_from_dict(run.recipe), run.versions or {})
        left_out = None
        for artifact in self._checkpoints(run.id, request.get("artifact")):
            try:
                return recipe, artifact, self._network(run.id, artifact.id, recipe.model_dump_json())
            except CheckpointError as problem:
                left_out = left_out or problem
        raise left_out or CheckpointError(
            "This run has no checkpoint yet.", "Wait for its first one, or press Save now."
        )

    def _checkpoints(self, run_id: int, artifact_id: int | None) -> list[Artifact]:
        """The checkpoint that is asked for, or all of them, the newest first."""
        checkpoints = list_artifacts(self._store, run_id, KIND)
        if artifact_id is None:
            return checkpoints[::-1]
        wanted = [artifact for artifact in checkpoints if artifact.id == artifact_id]
        if not wanted:
            raise CheckpointError("This checkpoint was cleared since.", "Choose another one on the slider.")
        return wanted

    def _load_network(self, run_id: int, artifact_id: int, recipe_text: str) -> Method:
        """Read a checkpoint; a file that is written anew has a row of its own, so what is kept is never old."""
        artifact = self._checkpoints(run_id, artifact_id)[0]
        try:
            checkpoint = Keeper(self._store, run_id, keep=1, total_steps=0).open(artifact)
            return network_of(checkpoint, Recipe.model_validate_json(recipe_text))
        except CheckpointError as problem:
            message = f"The checkpoint of step {artifact.step:,} cannot be shown. {problem.message}"
            raise CheckpointError(message, "Choose another checkpoint.") from problem

    def _picture(self, recipe: Recipe, request: Request) -> Tensor:
        """The picture asked for: a number in the recipe's set, or a file of the person's own."""
        wanted = request.get("picture", 0)
        if isinstance(wanted, str):
            return as_tensor(read_picture(wanted, recipe.data.channels, self._range(recipe)))
        pictures = self._pictures(recipe.data.location, recipe.data.kind, recipe.data.value_range)
        return picture_tensor(pictures, int(wanted) % len(pictures), recipe.data.channels)

    def _readable(self, recipe: Recipe, request: Request) -> Tensor:
        """The picture asked for, or the next one that can be read: training leaves out what cannot be."""
        first = int(request.get("picture", 0))
        for picture in range(first, first + MOST_BROKEN):
            with suppress(DataError):
                return self._picture(recipe, {"picture": picture})
        return self._picture(recipe, {"picture": first})

    def _range(self, recipe: Recipe) -> ValueRange | None:
        """What is black and white in a person's own picture: as in the recipe's set, where that can be opened."""
        data = recipe.data
        given = parse_value_range(data.value_range)
        if given is None:
            with suppress(DataError):
                return self._pictures(data.location, data.kind, data.value_range).value_range
        return given


def _spread(pictures: PictureSet, count: int) -> list[int]:
    """Some pictures of all parts of a set, always the same; a fixed stride could meet the period of the classes."""
    chosen = np.random.default_rng(0).permutation(len(pictures))[:count]
    return [int(index) for index in np.sort(chosen)]


def _label(pictures: PictureSet, index: int) -> str:
    if pictures.labels is None or pictures.labels[index] < 0:
        return ""
    return pictures.classes[int(pictures.labels[index])]


def _shrink(picture: Tensor, size: int) -> Tensor:
    """Fit (C, H, W) into a square of ``size`` px, keeping its proportions."""
    _, height, width = picture.shape
    factor = min(size / max(height, width), 1.0)
    return resize(picture, max(round(height * factor), 1), max(round(width * factor), 1))
