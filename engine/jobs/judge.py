"""Judges the features while a run trains: k-NN accuracy where there are labels, spread and rank everywhere.

Pictures and network are read as ``EvaluationView`` says, in fp32 whatever a run trains in: what is exported or embedded
gives the same features. On two cores that costs a transformer up to 1.5 times, a ResNet 1.8 times the time of bf16.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.eval_loader import EvalBatch, make_eval_loader
from engine.evaluation.knn import TEMPERATURE, K, knn_accuracy
from engine.evaluation_view import READINGS, EvaluationView, view_of
from engine.jobs.assembly import Assembly
from engine.monitors import effective_rank, feature_spread, mean_cosine
from engine.trainer import Trainer

# A trend needs no more pictures than these; a final judgement is a run of its own, on all of them.
MOST_BANK = 10_000
MOST_TEST = 2_000
# Spread, cosine and rank are taken of the same few pictures every time: a rank grows with the pictures it is of.
MOST_WATCHED = 512
# Features of a picture cost at most what a training step spends on one (in MAE, which encodes a quarter, about that).
WATCH_SHARE = 0.01
BATCH_SIZE = 256
CACHE_BYTES = 512 * 2**20


@dataclass(frozen=True)
class _Judged:
    """Features (N, D) of the pictures that could be read, their labels (N,) and numbers (N,)."""

    features: Tensor
    labels: Tensor
    index: NDArray[np.int64]


class Judge:
    """Knows which pictures judge a run, and when.

    Args:
        assembly: Pictures, split and sizes of the run.
        trainer: The network as it is trained.
    """

    def __init__(self, assembly: Assembly, trainer: Trainer) -> None:
        self._assembly, self._trainer = assembly, trainer
        self._view = view_of(trainer.method.evaluated_encoder, assembly.recipe, trainer.normalise)
        self._cache: dict[str, list[EvalBatch]] = {}
        seed, split = assembly.recipe.training.seed, assembly.split
        if split.is_possible:
            self._bank, self._test = _some(split.bank, MOST_BANK, seed), _some(split.test, MOST_TEST, seed)
        else:
            self._bank, self._test = split.train[:0], _some(split.train, MOST_WATCHED, seed)
        self._watched = _some(self._test, MOST_WATCHED, seed)
        step_pictures = assembly.recipe.training.batch_size * assembly.recipe.training.accumulation
        self._watch_steps = math.ceil(len(self._watched) / (WATCH_SHARE * step_pictures))

    @property
    def test_pictures(self) -> int:
        """How many pictures k-NN classifies."""
        return len(self._test) if len(self._bank) else 0

    @property
    def watched_pictures(self) -> int:
        """Of how many pictures spread, cosine and rank are taken."""
        return len(self._watched)

    @property
    def protocol(self) -> str:
        """What the numbers mean, in words."""
        watched = (
            f"Spread, mean cosine and effective rank of {len(self._watched):,} pictures are watched at least every "
            f"{self._watch_steps:,} steps."
        )
        if not self._assembly.plan.training.knn_every_epochs:
            return f"No k-NN on the way: 'k-NN every' is 0. {watched}"
        if not len(self._bank):
            return f"{self._assembly.split.reason} {watched}"
        return (
            f"k-NN (k={K}, T={TEMPERATURE}, cosine) of {len(self._test):,} pictures ({self._assembly.split.origin}) "
            f"against {len(self._bank):,} training pictures, features in {EvaluationView.precision}: "
            f"{READINGS[self._view.reading]}. {self._caveat}{watched}"
        )

    @property
    def _caveat(self) -> str:
        caveat = self._assembly.split.caveat
        return f"{caveat} " if caveat else ""

    def is_due(self, step: int) -> bool:
        """True before the first step, after those that end so many epochs, and after the last; never with 0 epochs."""
        plan = self._assembly.plan
        every = plan.training.knn_every_epochs * plan.steps_per_epoch
        if not every:
            return False
        return step in (0, plan.total_steps) or int(step / every) > int((step - 1) / every)

    def is_watch_due(self, step: int) -> bool:
        """True before the first step, every so many that watching takes a hundredth of the time, and after the last."""
        return step == self._assembly.plan.total_steps or step % self._watch_steps == 0

    def evaluate(self) -> dict[str, float]:
        """All metrics, name -> value, of the network as it is now; it trains on afterwards as if nothing had been."""
        if not len(self._bank):
            return self.watch()
        with self._at_rest():
            test = self._features("test", self._test)
            bank = self._features("bank", self._bank)
        signs = _signs(test.features[np.isin(test.index, self._watched)])
        if not len(test.features) or not len(bank.features):
            return signs  # none of them can be read: training says so, with their place
        return {**signs, "knn": knn_accuracy(bank.features, bank.labels, test.features, test.labels).top1}

    def watch(self) -> dict[str, float]:
        """Only what needs no labels and few pictures: spread, mean cosine, effective rank."""
        with self._at_rest():
            return _signs(self._features("watched", self._watched).features)

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """The network as it judges: no gradients, running statistics left alone."""
        method = self._trainer.method
        method.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            method.train()

    def _features(self, name: str, indices: NDArray[np.int64]) -> "_Judged":
        """Features of the pictures that can be read, which may be fewer than were asked for."""
        features, nothing = [torch.empty(0, 1)], torch.empty(0, dtype=torch.int64)
        labels, index = [nothing], [nothing]
        for batch in self._batches(name, indices):
            views = self._trainer.prepare({"image": batch.images})
            found = self._trainer.method.features(views["image"])
            features.append(found.float().cpu())
            labels.append(batch.labels)
            index.append(batch.index)
        return _Judged(torch.cat(features[1:] or features), torch.cat(labels), torch.cat(index).numpy())

    def _batches(self, name: str, indices: NDArray[np.int64]) -> Iterator[EvalBatch]:
        """The pictures, read once and kept where they are few."""
        if name in self._cache:
            return iter(self._cache[name])
        is_small = len(indices) * self._view.channels * self._view.size**2 < CACHE_BYTES
        batches = make_eval_loader(
            self._assembly.pictures,
            indices,
            image_size=self._view.size,
            batch_size=BATCH_SIZE,
            workers=0 if is_small else self._assembly.loader_workers,
            channels=self._view.channels,
        )
        if not is_small:
            return batches
        self._cache[name] = list(batches)
        return iter(self._cache[name])


def _signs(features: Tensor) -> dict[str, float]:
    """Signs of collapse in features (N, D); none of fewer than two."""
    if len(features) < 2:
        return {}
    return {
        "feature_spread": feature_spread(features),
        "mean_cosine": mean_cosine(features),
        "effective_rank": effective_rank(features),
    }


def _some(indices: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """All of the pictures, or a fixed random choice of them."""
    if len(indices) <= most:
        return indices
    return np.sort(np.random.default_rng(seed).choice(indices, most, replace=False))
