"""Which pictures a run learns from and which ones judge it by k-NN."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.picture_set import PictureSet
from engine.plan import held_out_of_class

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class KnnSplit:
    """Picture numbers of a run by their use.

    Args:
        train: Pictures to learn from; never any of ``test``.
        bank: Labelled pictures among ``train`` whose classes vote.
        test: Labelled pictures that are classified; empty when k-NN makes no sense.
        reason: Why ``test`` is empty, one sentence; empty otherwise.
        origin: Where ``test`` comes from, in words.
    """

    train: Indices
    bank: Indices
    test: Indices
    reason: str = ""
    origin: str = ""

    @property
    def is_possible(self) -> bool:
        """True when accuracy can be measured."""
        return len(self.test) > 0


def knn_split(pictures: PictureSet, held_out: float, seed: int) -> KnnSplit:
    """Divide the pictures into those to learn from and those to judge by.

    The validation split judges where there is one; otherwise a stratified share of the training pictures is held out.
    A test split is never touched: it is kept for the final judgement.

    Args:
        pictures: The set.
        held_out: Share of each class to hold out, 0..1; with 0 nothing judges and everything trains.
        seed: Decides which pictures; the same seed always holds out the same.
    """
    train = pictures.train
    empty = train[:0]
    reason = _why_not(pictures) if held_out > 0 else "k-NN is switched off."
    if reason or pictures.labels is None:
        return KnnSplit(train, empty, empty, reason)
    validation = pictures.splits.get("validation", empty)
    test = validation[pictures.labels[validation] >= 0]
    if len(test):
        return KnnSplit(train, _labelled(pictures.labels, train), test, origin="the validation split")
    test = _stratified(pictures.labels, train, held_out, seed)
    if not len(test):
        return KnnSplit(train, empty, empty, "No class has two pictures, so none can be held out for k-NN.")
    rest = np.setdiff1d(train, test)
    origin = f"{held_out:.0%} of each class, held out of training"
    return KnnSplit(rest, _labelled(pictures.labels, rest), test, origin=origin)


def _why_not(pictures: PictureSet) -> str:
    if pictures.labels is None:
        return "The pictures have no labels, so k-NN accuracy cannot be measured."
    present = np.unique(_present(pictures.labels[pictures.train]))
    if len(present) < 2:
        return "The training pictures are of one class only; k-NN accuracy needs two or more."
    return ""


def _present(labels: Indices) -> Indices:
    return labels[labels >= 0]


def _labelled(labels: Indices, indices: Indices) -> Indices:
    return indices[labels[indices] >= 0]


def _stratified(labels: Indices, indices: Indices, share: float, seed: int) -> Indices:
    """Take a share of every class, at least one picture and never all of them; sorted."""
    taken = []
    for label in np.unique(_present(labels[indices])).tolist():
        members = indices[labels[indices] == label]
        count = held_out_of_class(len(members), share)
        order = np.random.default_rng((seed, label)).permutation(len(members))
        taken.append(members[order[:count]])
    return np.sort(np.concatenate(taken))
