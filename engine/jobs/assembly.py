"""From a recipe to the parts of a run: pictures, sizes, method, device, plan.

Everything that can be refused is refused here, before anything is built.
"""

import os
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compute import Compute, make_compute
from engine.data.epoch_order import Share
from engine.data.loader import OnNote, make_loader
from engine.data.multi_crop import MultiCrop
from engine.data.sources import PictureSet, open_pictures
from engine.data.splits import KnnSplit, knn_split
from engine.declared.checks import check_least_batch
from engine.distributed import rank, world_size
from engine.errors import DataError, SettingsError
from engine.method import Method, ViewMaker, ViewSpec
from engine.nn.normalise import Normalise
from engine.parts import make_method, make_normalise, method_parts
from engine.plan import Plan, make_plan
from engine.recipe import Recipe
from engine.settings import Settings

MOST_LOADERS = 8


@dataclass(frozen=True)
class Assembly:
    """The parts of a run before anything is trained.

    Args:
        recipe: What was asked for.
        pictures: The data set.
        split: Which pictures train and which judge.
        method_class: The method.
        settings: Its settings.
        spec: Sizes of a view.
        plan: Length and schedules.
        compute: Device and precision.
    """

    recipe: Recipe
    pictures: PictureSet
    split: KnnSplit
    method_class: type[Method]
    settings: Settings
    spec: ViewSpec
    plan: Plan
    compute: Compute

    @property
    def train_indices(self) -> NDArray[np.int64]:
        """Pictures to learn from."""
        return self.split.train

    @property
    def num_classes(self) -> int:
        """C, classes of the pictures; 0 without labels."""
        return len(self.pictures.classes)

    def make_method(self) -> Method:
        """Build the untrained network from the run's seed, on the run's device."""
        return make_method(self.recipe, num_classes=self.num_classes).to(self.compute.device)

    def make_normalise(self) -> Normalise:
        """What pictures pass before the network, on the run's device."""
        return make_normalise(self.recipe).to(self.compute.device)

    def make_view_maker(self) -> ViewMaker:
        """What makes a picture's views; beside a CUDA device, the loader leaves distortions to it."""
        maker = self.method_class.views(self.settings, self.spec)
        if self.compute.device.type == "cuda" and isinstance(maker, MultiCrop):
            return maker.deferred()
        return maker

    def make_batches(
        self, step: int, *, last: int | None = None, on_note: OnNote | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """This process's share of the batches of the run, from those of a step on; see ``make_loader``.

        Args:
            step: Finished updates.
            last: End before this batch; at the run's end when absent.
            on_note: Told what a person should know of how batches come about.
        """
        training = self.recipe.training
        return make_loader(
            self.pictures,
            self.train_indices,
            view_maker=self.make_view_maker(),
            batch_size=training.batch_size,
            seed=training.seed,
            start_step=step * training.accumulation,
            total_steps=self.plan.total_batches if last is None else last,
            workers=self.loader_workers,
            channels=self.recipe.data.channels,
            on_note=on_note,
            pin_memory=self.compute.device.type == "cuda",
            share=self.share,
        )

    @property
    def share(self) -> Share:
        """The part of every batch that this process makes."""
        return Share(rank(), world_size())

    @property
    def loader_workers(self) -> int:
        """Loader processes: as asked, or half of the cores on a CPU run and most of them beside a GPU.

        Several training processes share the cores; what is asked for is for each of them.
        """
        wanted = self.recipe.training.workers
        if wanted >= 0:
            return wanted
        cores = (os.cpu_count() or 1) // world_size()
        free = cores // 2 if self.compute.device.type == "cpu" else cores - 1
        return min(max(free, 0), MOST_LOADERS)


def assemble(recipe: Recipe, device: str) -> Assembly:
    """Put the parts of a run together.

    Args:
        recipe: What was asked for.
        device: Name of the device to compute on; the recipe's wish may be "auto" or any GPU.

    Raises:
        EngineError: In words, for pictures, settings or a device that cannot be used.
    """
    method_class, settings, spec = method_parts(recipe)
    method_class.views(settings, spec)  # refuses what cannot be trained
    compute = make_compute(device, recipe.training.precision)
    pictures = open_pictures(recipe.data.location, recipe.data.kind, recipe.data.value_range)
    split = knn_split(pictures, recipe.held_out, recipe.training.seed)
    if len(split.train) < 2:
        raise DataError(
            f"{recipe.data.location} has {len(split.train)} training picture.",
            "Learning needs at least two; add pictures.",
        )
    if method_class.needs_labels and not pictures.has_labels:
        raise DataError(
            f"{method_class.title} learns from labels, and {recipe.data.location} has none.",
            "Sort the pictures into a folder per class or give a list with labels, or choose a method that needs none.",
        )
    if recipe.training.batch_size > len(split.train):
        raise SettingsError(
            f"A batch of {recipe.training.batch_size} is larger than the {len(split.train)} training pictures.",
            f"Take a batch of {len(split.train)} or fewer.",
            field="training.batch_size",
        )
    for problem in check_least_batch(recipe):
        raise SettingsError(problem.message, problem.fix, field=problem.field)
    if recipe.training.batch_size % world_size():
        raise SettingsError(
            f"{world_size()} training processes cannot share a batch of {recipe.training.batch_size} evenly.",
            "Take a batch that they divide.",
            field="training.processes",
        )
    plan = make_plan(recipe.training, len(split.train))
    return Assembly(recipe, pictures, split, method_class, settings, spec, plan, compute)
