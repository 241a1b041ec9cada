"""The network finds neighbours no better than before its first step."""

import math
from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.rules.guards import GUARDS
from engine.doctor.suspects import Suspect, causes_and_knob
from engine.doctor.words import percent

# Ours: five judgements, of which the newest three agree; with 'k-NN every' at 5 that is 25 epochs.
JUDGEMENTS, AGREEING = 5, 3
# Ours: nine of 24 healthy runs of VICReg, SimCLR, BYOL, DINO and supervised training, of 36 to 160 updates on few
# pictures, stood where they started: so few updates say nothing of a method. Longer ones were hardly counted yet.
LEAST_STEPS = 180
# Ours: in standard errors of a share of so many pictures. Less than one above the untrained is no gain; more than two
# below it is a loss; without three to the top there was nothing to gain.
GAIN, LOSS, ROOM = 1.0, 2.0, 3.0

SUSPECTS = (
    *GUARDS,
    Suspect(
        "training.base_lr",
        "high",
        "A learning rate that is too high wipes out what the untrained network has.",
        "the base learning rate",
    ),
    Suspect(
        "training.base_lr",
        "low",
        "A learning rate that is too low hardly moves the weights.",
        "the base learning rate",
        factor=3.0,
    ),
    Suspect(
        "training.warmup_epochs",
        "high",
        "A warm-up so long that the rate is still low.",
        "the warm-up",
    ),
    Suspect(
        "settings.crop_low",
        "low",
        "Crops so small that two views of a picture share nothing of what its class is.",
        "the smallest crop",
    ),
    Suspect(
        "training.epochs",
        "low",
        "Too few epochs: methods without labels start slowly.",
        "the epochs",
    ),
)


class NoBetterThanUntrained(Rule):
    """Reads k-NN accuracy against that of step 0.

    Silent for methods whose features need a trained head: MAE's k-NN lies 12 to 25 points below its linear probe
    (stable-pretraining's Imagenette table has 72.1 beside 84.1), and may well fall below the untrained network's.
    """

    name: ClassVar[str] = "no_better_than_untrained"
    title: ClassVar[str] = "No better than untrained"
    reads: ClassVar[tuple[str, ...]] = ("knn",)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        untrained, newest = history.untrained("knn"), history.last("knn", AGREEING)
        is_late = history.step >= LEAST_STEPS and not facts.is_early(history.step)
        is_enough = history.count("knn") > JUDGEMENTS and is_late
        if not facts.judged_by_neighbours or untrained is None or not newest or not is_enough:
            return None
        error = standard_error(untrained, facts.test_pictures)
        has_room = untrained + ROOM * error < 1
        is_lost = max(newest) < untrained - LOSS * error
        if not is_lost and not (has_room and max(newest) <= untrained + GAIN * error):
            return None
        epochs = history.step / facts.steps_per_epoch
        word = "below" if is_lost else "no better than"
        sentence = (
            f"After {epochs:.3g} epochs k-NN finds {percent(max(newest))} at best of the last {AGREEING} judgements, "
            f"{word} the {percent(untrained)} of the untrained network."
        )
        return self.finding(sentence, *causes_and_knob(facts, SUSPECTS))


def standard_error(share: float, number: int) -> float:
    """Standard error of a share of so many pictures, with two more of either kind so that 0 and 1 have one too.

    Agresti and Coull's adjusted interval, https://doi.org/10.2307/2685469.
    """
    adjusted = (share * number + 2) / (number + 4)
    return math.sqrt(adjusted * (1 - adjusted) / (number + 4))
