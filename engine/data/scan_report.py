"""What a scan found out about a set of pictures."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from engine.data.account import Account

ProblemKind = Literal["broken", "conflict", "duplicate", "tiny", "odd"]

# More of one kind are counted but not listed in a stored report.
MOST_LISTED = 500


@dataclass(frozen=True)
class ScanProgress:
    """How far a scan is: ``done`` of ``total`` pictures in a phase named for the person."""

    done: int
    total: int
    phase: str


@dataclass(frozen=True)
class Problem:
    """A picture that deserves a look.

    Args:
        path: Which one, relative to the set's folder.
        reason: One sentence.
        kind: ``broken`` pictures are skipped in training, the others are used; a ``conflict`` is a duplicate of another
            class.
        index: Number of the picture in the set.
    """

    path: str
    reason: str
    kind: ProblemKind
    index: int


@dataclass(frozen=True)
class Sizes:
    """Picture sizes in pixels.

    Args:
        smallest: Width and height of the picture with the fewest pixels.
        median: Median width and median height.
        largest: Width and height of the picture with the most pixels.
        distinct: Number of different sizes.
    """

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    distinct: int


@dataclass(frozen=True)
class ScanReport:
    """All that a scan found.

    Args:
        name: Of the set.
        location: As ``open_pictures`` takes it.
        kind: Layout.
        channels: As the pictures were read for the statistics.
        num_pictures: In all splits, broken ones included.
        classes: Names, empty without labels.
        class_counts: Pictures of each class in all splits.
        train_class_counts: Pictures of each class in the training split.
        splits: Pictures of each split.
        sizes: Of the readable pictures; None when there are none.
        mean: Per channel, 0..1.
        std: Per channel, 0..1.
        sampled: Number of training pictures that mean and std were measured on.
        fingerprint: See ``PictureSet.fingerprint``.
        problems: Worst first: broken, conflict, duplicate, tiny, odd.
        leaks: Training pictures that are also in the validation or test split.
        notes: Sentences about the set as a whole.
        warnings: Sentences of what may be wrong with it.
        account: Every file that was seen, kept or left out.
        grey: Share of grey pictures, 0..1, among the sampled ones; those without colours in an RGB file are grey too.
        seconds: How long the scan took.
        value_range: What is black and white in pictures deeper than 8 bits; empty where there are none.
    """

    name: str
    location: str
    kind: str
    channels: int
    num_pictures: int
    classes: list[str]
    class_counts: dict[str, int]
    train_class_counts: dict[str, int]
    splits: dict[str, int]
    sizes: Sizes | None
    mean: list[float]
    std: list[float]
    sampled: int
    fingerprint: str
    problems: list[Problem]
    leaks: int = 0
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    grey: float = 0.0
    seconds: float = 0.0
    value_range: str = ""

    @property
    def broken(self) -> list[int]:
        """Numbers of the pictures that cannot be read."""
        return [problem.index for problem in self.problems if problem.kind == "broken"]

    @property
    def problem_counts(self) -> dict[str, int]:
        """Problems of each kind, all of them."""
        return dict(Counter(problem.kind for problem in self.problems))

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values; of each kind of problem the first 500 are listed, all are counted."""
        listed: Counter[str] = Counter()
        problems = []
        for problem in self.problems:
            listed[problem.kind] += 1
            if listed[problem.kind] <= MOST_LISTED:
                problems.append(asdict(problem))
        return {**asdict(self), "problems": problems, "problem_counts": self.problem_counts}
