"""Collapse of a self-distilled teacher to the uniform answer."""

from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.rules.teacher import ENTROPY, KL, STEPS, newest_stretch
from engine.doctor.suspects import Suspect, causes_and_knob

UNIFORM = 0.99  # ours: share of ln K; the paper's fig. 7 shows the curve lying on ln K

SUSPECTS = (
    Suspect(
        "settings.sharpening",
        "other",
        "Without sharpening centring alone pushes the teacher to the uniform answer (DINO paper, fig. 7).",
        "sharpening",
    ),
    Suspect(
        "settings.teacher_temperature",
        "high",
        "A teacher temperature that is too high: at 0.08 DINO reaches 0.1 % k-NN, at 0.04 it is 69.6 % (paper, "
        "supplement on temperatures).",
        "the teacher temperature",
        factor=0.5,
    ),
    Suspect(
        "settings.teacher_temperature_start",
        "high",
        "A teacher temperature that is too high at the start; a report of a loss stuck at ln K was cured with 0.02 "
        "(facebookresearch/dino, thread 43).",
        "the teacher temperature at the start",
        factor=0.5,
    ),
    Suspect(
        "settings.center_momentum",
        "high",
        "A centre that moves too slowly: with a momentum of 0.999 DINO reaches 0.1 % k-NN (paper, supplement on "
        "centring).",
        "the centre momentum",
    ),
    Suspect(
        "settings.teacher_momentum",
        "high",
        "A teacher that hardly moves; another report was cured with 0.99 (facebookresearch/dino, thread 246).",
        "the teacher momentum",
    ),
    Suspect(
        "training.base_lr",
        "high",
        "A learning rate that is too high for the batch.",
        "the base learning rate",
        factor=0.5,
    ),
)


class UniformTeacher(Rule):
    """Reads the teacher's entropy and the divergence: KL near 0 with H on the ln K line."""

    name: ClassVar[str] = "uniform_teacher"
    title: ClassVar[str] = "Teacher calls everything equal"
    reads: ClassVar[tuple[str, ...]] = (ENTROPY, KL)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        stretch = newest_stretch(history)
        if stretch is None or facts.is_early(history.step):
            return None
        if stretch.low < UNIFORM or not stretch.is_constant:
            return None
        sentence = (
            f"The teacher gives all prototypes the same probability: over the last {STEPS} steps its entropy is at "
            f"least {stretch.low * stretch.ln_k:.4g} (ln K is {stretch.ln_k:.4g}), and the student has nothing left "
            "to learn."
        )
        return self.finding(sentence, *causes_and_knob(facts, SUSPECTS))
