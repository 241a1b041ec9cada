"""The end of a run whose numbers are no numbers any more."""

from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding, Knob
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.rules.diverging import SUSPECTS
from engine.doctor.suspects import causes_and_knob


class NotFinite(Rule):
    """Told by the error that ends the run, not read from curves; once a resumed run trains on it is withdrawn."""

    name: ClassVar[str] = "not_finite"
    title: ClassVar[str] = "Not finite"
    reads: ClassVar[tuple[str, ...]] = ("loss",)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        return None


def not_finite(facts: RunFacts, *, term: str, step: int, last_good_step: int | None) -> Finding:
    """Say what became NaN or infinite, since when, and from where the run can go on.

    Args:
        facts: The run.
        term: The loss term or the weight that was not finite first.
        step: The step at which it was seen.
        last_good_step: Step of the last checkpoint, None without one.
    """
    good = (
        "No checkpoint was written before."
        if last_good_step is None
        else f"The last checkpoint, of step {last_good_step:,}, is good."
    )
    sentence = f"'{term}' became NaN or infinite at step {step:,}. {good}"
    causes, knob = causes_and_knob(facts, SUSPECTS)
    if facts.settings.get("training.precision") == "fp16":
        # The first thing that the reports of all methods try (facebookresearch/dino, thread 58).
        causes = ("Half precision overflows at 65,504.", *causes)
        knob = Knob(
            "training.precision", "Train with precision fp32, or bf16 where the device has it.", "fp32"
        )
    return NotFinite().finding(sentence, causes, knob)
