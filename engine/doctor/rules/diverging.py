"""The loss climbs above where it started."""

from statistics import median
from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import STARTING, History
from engine.doctor.rule import Rule
from engine.doctor.rules.guards import GUARDS
from engine.doctor.suspects import Suspect, causes_and_knob

STEPS = 64
# Ours: an untrained network is the worst that a healthy run ever is, and half above it is more than a batch varies.
ABOVE_START = 1.5
# Where the loss is an entropy plus a divergence, the entropy may rise while a teacher becomes less sure of itself, and
# the divergence while it becomes surer; only a run that loses has both the divergence and their sum above the start.
LOSSES = ("monitor/kl", "loss")

SUSPECTS = (
    *GUARDS,
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
    """Reads the loss: its newest stretch against its start."""

    name: ClassVar[str] = "diverging"
    title: ClassVar[str] = "Loss diverges"
    reads: ClassVar[tuple[str, ...]] = LOSSES

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        name = next((name for name in LOSSES if history.track(name)), "loss")
        track, recent = history.track(name), history.last(name, STEPS)
        if track is None or track.count < STARTING + STEPS:
            return None
        start = median(track.start)
        # Three quarters of the newest steps have to be that bad, so that a few odd batches are none.
        if start <= 0 or sorted(recent)[STEPS // 4] <= ABOVE_START * start:
            return None
        total = history.track("loss")
        if total is not None and median(history.last("loss", STEPS) or [start]) <= median(total.start):
            return None
        what = "loss" if name == "loss" else "divergence of student and teacher"
        sentence = (
            f"The {what} is {median(recent):.3g} over the last {STEPS} steps. It started at {start:.3g}."
        )
        return self.finding(sentence, *causes_and_knob(facts, SUSPECTS))
