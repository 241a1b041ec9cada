"""Complete collapse: every picture gets the same features."""

from statistics import median
from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.rules.guards import GUARDS
from engine.doctor.rules.spreads import BATCH_SPREADS, batch_spread
from engine.doctor.suspects import Suspect, causes_and_knob

LOOKS = 3
STEPS = 100
# Ours. SimSiam (sec. 4.1) gives the ends of the scale: 1 when even, 0 when collapsed. We measured 0.2 to 0.8 on
# untrained encoders and 0.06 at the end of a small DINO whose k-NN had risen all the while: features may differ around
# a common mean and still tell pictures apart. A MAE with a huge rate ended at 0.0016 to 0.005.
SPREAD = 0.03
# Ours: what a spread of 0.03 leaves, as 1 - cosine is at least the spread's square. A report of a collapsed SimCLR
# (torchgeo/torchgeo, thread 3998) has 1.0 beside a loss that had fallen by 30 %; that small DINO had 0.996.
COSINE = 0.999

SUSPECTS = (
    *GUARDS,
    Suspect(
        "training.base_lr",
        "high",
        "A learning rate that is too high drives the weights to where all pictures look alike.",
        "the base learning rate",
        factor=0.1,
    ),
    Suspect(
        "training.weight_decay",
        "high",
        "A strong weight decay shrinks what tells the pictures apart.",
        "the weight decay",
    ),
)


class OnePoint(Rule):
    """Reads spread and mean cosine of watched pictures, and the spread that a method measures on each batch.

    A loss near 0 alone says nothing: BYOL's is small when it learns well.
    """

    name: ClassVar[str] = "one_point"
    title: ClassVar[str] = "Collapse to one point"
    reads: ClassVar[tuple[str, ...]] = ("feature_spread", "mean_cosine", *BATCH_SPREADS)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        seen = _of_watched(history) or ("" if facts.is_early(history.step) else _of_batches(history))
        return self.finding(seen, *causes_and_knob(facts, SUSPECTS)) if seen else None


def _of_watched(history: History) -> str:
    spreads, cosines = history.last("feature_spread", LOOKS), history.last("mean_cosine", LOOKS)
    if not spreads or not cosines or max(spreads) >= SPREAD or min(cosines) <= COSINE:
        return ""
    untrained = history.untrained("feature_spread")
    # A network that starts out narrow has not collapsed while it has not become narrower.
    if untrained is not None and max(spreads) > untrained / 2:
        return ""
    before = "" if untrained is None else f" and {untrained:.2g} was untrained"
    return (
        f"All pictures get nearly the same features: over {LOOKS} looks their spread is {spreads[-1]:.2g}, where "
        f"1 is even{before}, and the mean cosine of all pairs is {cosines[-1]:.4f}."
    )


def _of_batches(history: History) -> str:
    spreads = batch_spread(history, STEPS)
    # A few odd batches, such as of very different pictures, are no sign of life.
    if not spreads or sorted(spreads)[STEPS * 9 // 10] >= SPREAD:
        return ""
    return (
        f"All pictures of a batch get nearly the same output: over the last {STEPS} steps its spread is "
        f"{median(spreads):.2g}, where 1 is even."
    )
