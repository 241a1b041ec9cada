"""Collapse of a self-distilled teacher to one prototype."""

from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.rules.guards import CENTRING, TEACHER_MOMENTUM
from engine.doctor.rules.teacher import ENTROPY, KL, STEPS, newest_stretch
from engine.doctor.suspects import Suspect, causes_and_knob
from engine.doctor.words import percent

# Ours, as a share of ln K; the paper's fig. 7 shows the curve lying on 0. Healthy teachers of ours had 0.3 and more.
ONE_HOT = 0.1

SUSPECTS = (
    CENTRING,
    Suspect(
        "settings.teacher_temperature",
        "low",
        "A teacher temperature that is too low: at 0 DINO reaches 43.9 % k-NN, at 0.04 it is 69.6 % (paper, supplement "
        "on temperatures).",
        "the teacher temperature",
        factor=2.0,
    ),
    Suspect(
        "settings.center_momentum",
        "high",
        "A centre that moves too slowly to stop a prototype from winning always; 0.9 is the paper's.",
        "the centre momentum",
    ),
    TEACHER_MOMENTUM,
    Suspect(
        "training.base_lr",
        "high",
        "A learning rate that is too high for the batch.",
        "the base learning rate",
        factor=0.5,
    ),
)


class OneHotTeacher(Rule):
    """Reads the teacher's entropy and the divergence: both near 0.

    A teacher that is sure of itself but of another prototype for other pictures has a divergence: that is no collapse.
    """

    name: ClassVar[str] = "one_hot_teacher"
    title: ClassVar[str] = "Teacher always names one prototype"
    reads: ClassVar[tuple[str, ...]] = (ENTROPY, KL)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        stretch = newest_stretch(history)
        if stretch is None or facts.is_early(history.step):
            return None
        if stretch.high > ONE_HOT or not stretch.is_constant:
            return None
        used = "" if stretch.use is None else f" {percent(stretch.use)} of the prototypes win a picture."
        sentence = (
            f"The teacher puts all probability on one prototype: its entropy is at most "
            f"{stretch.high * stretch.ln_k:.2g} (ln K is {stretch.ln_k:.4g}), and the student agrees whatever the "
            f"picture, over the last {STEPS} steps.{used}"
        )
        return self.finding(sentence, *causes_and_knob(facts, SUSPECTS))
