"""What the doctor must know of a run besides its curves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Ours: a twentieth of a run, and never less than its warm-up, is the time a healthy start may take.
EARLY_SHARE = 0.05


@dataclass(frozen=True)
class Recommended:
    """A value that a setting has in the preset the run started from, and where it comes from."""

    value: Any
    source: str


@dataclass(frozen=True)
class RunFacts:
    """Length, settings and sizes of a run.

    Args:
        method: Title of the method, for sentences.
        total_steps: Updates of the whole run.
        warmup_steps: Updates until the learning rate is at its peak.
        steps_per_epoch: Updates in one pass over the pictures.
        settings: Dotted name -> value of everything in the recipe, the method's own under ``settings.``.
        recommended: Dotted name -> what the preset or the declaration has, for as many as are known.
        gathers_classes: Whether the method draws pictures of one class together, so that few directions are its aim.
        judged_by_neighbours: Whether k-NN accuracy tells if this method learns.
        test_pictures: Pictures that k-NN classifies.
        rank_limit: The largest rank the watched features can have: their number or their width.
        loader_workers: Loader processes at work.
        cores: Processor cores of this computer.
    """

    method: str
    total_steps: int
    warmup_steps: float
    steps_per_epoch: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    recommended: Mapping[str, Recommended] = field(default_factory=dict)
    gathers_classes: bool = False
    judged_by_neighbours: bool = True
    test_pictures: int = 0
    rank_limit: int = 0
    loader_workers: int = 0
    cores: int = 1

    def is_early(self, step: int) -> bool:
        """True while the warm-up lasts, in which a healthy run may look like a broken one."""
        return step < max(self.warmup_steps, EARLY_SHARE * self.total_steps)
