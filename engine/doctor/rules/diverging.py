"""The loss climbs above where it started."""

from statistics import median
from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import BLOCK, History
from engine.doctor.rule import Rule
from engine.doctor.suspects import Suspect, causes_and_knob

# Ours: an untrained network is the worst that a healthy run ever is; a fifth above it is more than a batch varies, and
# half above the best stretch is more than the slow rise of DINO's and BYOL's losses while their targets sharpen.
ABOVE_START, ABOVE_BEST = 1.2, 1.5

SUSPECTS = (
    Suspect(
        "training.base_lr",
        "high",
        "A learning rate that is too high for this batch and optimizer.",
        "the base learning rate",
        factor=0.5,
    ),
    Suspect(
        "training.warmup_epochs",
        "low",
        "A warm-up that is too short: the first steps are taken with an untrained network.",
        "the warm-up",
        is_minor=True,
    ),
    Suspect(
        "training.clip_norm",
        "low",
        "Gradients that are not clipped: one odd batch can throw the weights far.",
        "the gradient clipping",
        is_minor=True,
    ),
)


class Diverging(Rule):
    """Reads the loss: its newest stretch against its start and its best stretch."""

    name: ClassVar[str] = "diverging"
    title: ClassVar[str] = "Loss diverges"
    reads: ClassVar[tuple[str, ...]] = ("loss",)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        track, recent = history.track("loss"), history.last("loss", 2 * BLOCK)
        if track is None or track.best is None or track.count < 3 * BLOCK or not recent:
            return None
        start, (best, best_step) = median(track.start), track.best
        # Three quarters of the newest steps have to be that bad, so that a few odd batches are none.
        low = sorted(recent)[len(recent) // 4]
        if start <= 0 or best <= 0 or low <= ABOVE_START * start or low <= ABOVE_BEST * best:
            return None
        sentence = (
            f"The loss is {median(recent):.3g} over the last {len(recent)} steps. It started at {start:.3g} and was "
            f"{best:.3g} around step {best_step:,}."
        )
        return self.finding(sentence, *causes_and_knob(facts, SUSPECTS))
