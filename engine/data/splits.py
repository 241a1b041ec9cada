"""Which pictures a run learns from and which ones judge it by k-NN."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.account import named
from engine.data.class_names import ceiling, ceiling_in_words, missing_classes
from engine.data.picture_set import PictureSet
from engine.data.same_content import same_content
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
        caveat: What the accuracy cannot tell, in sentences: classes that training lacks, pictures that it knows.
    """

    train: Indices
    bank: Indices
    test: Indices
    reason: str = ""
    origin: str = ""
    caveat: str = ""

    @property
    def is_possible(self) -> bool:
        """True when accuracy can be measured."""
        return len(self.test) > 0


def knn_split(pictures: PictureSet, held_out: float, seed: int) -> KnnSplit:
    """Divide the pictures into those to learn from and those to judge by.

    The validation split judges where there is one; otherwise a stratified share of the training pictures is held out.
    A test split is never touched: it is kept for the final judgement. Files that are the same byte for byte are never
    held out on one side only, for the others would give them away.

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
    same = same_content(pictures)
    validation = pictures.splits.get("validation", empty)
    test = validation[pictures.labels[validation] >= 0]
    if len(test):
        return _judged_by_validation(pictures, pictures.labels, test, same)
    test = _stratified(pictures.labels, train, held_out, seed, same)
    if not len(test):
        reason = "No class has two pictures of its own, so none can be held out for k-NN."
        return KnnSplit(train, empty, empty, f"{reason} {_disputes(pictures, same)}".strip())
    rest = np.setdiff1d(train, test)
    origin = f"{held_out:.0%} of each class, held out of training"
    return KnnSplit(
        rest, _labelled(pictures.labels, rest), test, origin=origin, caveat=_disputes(pictures, same)
    )


def _judged_by_validation(
    pictures: PictureSet, labels: Indices, test: Indices, same: Indices | None
) -> KnnSplit:
    train = pictures.train
    bank = _labelled(labels, train)
    if not ceiling(labels, test, bank):
        reason = "None of the classes of the validation split is in training, so k-NN accuracy means nothing."
        return KnnSplit(train, train[:0], train[:0], reason)
    caveats = []
    if ceiling(labels, test, bank) < 1:
        lacking = missing_classes(pictures.classes, labels, pictures.splits)["validation"]
        caveats.append(f"{ceiling_in_words(labels, test, bank)}, for training lacks {named(lacking)}.")
    known = 0 if same is None else int(np.isin(same[test], same[train]).sum())
    if known:
        caveats.append(
            f"{known:,} of the {len(test):,} pictures are in training too, byte for byte: the accuracy looks too good."
        )
    return KnnSplit(train, bank, test, origin="the validation split", caveat=" ".join(caveats))


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


def _stratified(labels: Indices, indices: Indices, share: float, seed: int, same: Indices | None) -> Indices:
    """Take a share of every class, at least one picture and never all of them; sorted.

    Pictures of one content are taken together or not at all; those with several labels are not.
    """
    content = np.arange(len(labels), dtype=np.int64) if same is None else same
    disputed = _with_several_labels(labels[indices], content[indices])
    taken: list[int] = []
    for label in np.unique(_present(labels[indices])).tolist():
        members = indices[labels[indices] == label]
        count = held_out_of_class(len(members), share)
        order = np.random.default_rng((seed, label)).permutation(len(members))
        groups = _in_order(members[order], content, disputed)
        taken += _fill(groups, count, len(members))
    return np.array(sorted(taken), dtype=np.int64)


def _with_several_labels(labels: Indices, content: Indices) -> set[int]:
    pairs = np.unique(np.stack([content, labels]), axis=1)
    numbers, counts = np.unique(pairs[0], return_counts=True)
    return set(numbers[counts > 1].tolist())


def _disputes(pictures: PictureSet, same: Indices | None) -> str:
    """Name files whose content is there under two labels, which no answer can be right for."""
    if same is None or pictures.labels is None:
        return ""
    first = sorted(_with_several_labels(pictures.labels[pictures.train], same[pictures.train]))
    names = [pictures.describe(index) for index in first]
    return (
        f"Files under two labels, which train and never judge: {len(names):,} ({named(names)})."
        if names
        else ""
    )


def _in_order(members: Indices, content: Indices, disputed: set[int]) -> list[list[int]]:
    """Members of a class by content, in the order in which each content comes first."""
    groups: dict[int, list[int]] = {}
    for index in members.tolist():
        if int(content[index]) not in disputed:
            groups.setdefault(int(content[index]), []).append(index)
    return list(groups.values())


def _fill(groups: list[list[int]], count: int, members: int) -> list[int]:
    """Take groups until so many pictures are taken; one that is too large only when there is no other."""
    taken: list[int] = []
    for group in groups:
        if len(taken) + len(group) <= count:
            taken += group
    if not taken and count:
        taken = min((group for group in groups if len(group) < members), key=len, default=[])
    return taken
