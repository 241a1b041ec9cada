"""Dimensional collapse: features differ, but only along a few directions."""

from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.rules.one_point import SPREAD
from engine.doctor.suspects import Suspect, causes_and_knob

LOOKS = 3
# Ours: RankMe (sec. 3) gives only that more is better. We measured 15 to 33 on untrained encoders with 256 photographs
# and 3.5 at the end of a healthy MAE on 64 pictures of two kinds of stripes, so two directions are less than any data.
LEAST_RANK = 2.0
# Ours: of fewer pictures than this, or of narrower features, a rank says more of their number than of the network.
LEAST_LIMIT = 32
LEAST_SHARE = 0.02  # of the rank the features could have
# Ours: of the untrained network's rank. Healthy runs on photographs of 32 px kept two thirds and more (MAE 25 to 16,
# then 27; CAE 7 to 6, then 13; SimCLR, BYOL and DINO rose threefold); MAE with a huge rate fell from 12 to 2.
LOST_SHARE = 0.2
# Ours: a rank that was low from the start is the pictures' or the network's, and training has not narrowed it.
SHARE_OF_UNTRAINED = 0.5
# Ours: a healthy MAE on digits dips to 1.6 directions while its rate rises, then goes 1.9, 3.3, 3.7. What has collapsed
# stays: a rank that is a tenth above its lowest of these looks is on its way back.
RISING = 1.1

SUSPECTS = (
    Suspect(
        "training.base_lr",
        "high",
        "A learning rate that is too high lets a few directions drown all others.",
        "the base learning rate",
        factor=0.3,
    ),
    Suspect(
        "settings.temperature",
        "high",
        "A temperature that is too high hardly tells near pictures from far ones.",
        "the temperature",
        factor=0.5,
    ),
    Suspect(
        "settings.crop_low",
        "high",
        "Views that hardly differ let a shortcut such as the mean colour solve the task.",
        "the smallest crop",
    ),
    Suspect(
        "settings.jitter",
        "low",
        "Without colour jitter the mean colour alone solves the task (SimCLR paper, sec. 3.1).",
        "the colour jitter",
    ),
    Suspect(
        "training.weight_decay",
        "high",
        "A strong weight decay removes the weaker directions.",
        "the weight decay",
    ),
)


class FewDimensions(Rule):
    """Reads the effective rank of watched pictures; a collapse to one point is left to its own rule.

    Silent for a method that learns from labels, which with few classes needs few directions; about looks while the
    warm-up lasts; and while the rank rises.
    """

    name: ClassVar[str] = "few_dimensions"
    title: ClassVar[str] = "Collapse to few dimensions"
    reads: ClassVar[tuple[str, ...]] = ("effective_rank",)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        ranks, spreads = (
            history.last_after(name, facts.is_early, LOOKS) for name in ("effective_rank", "feature_spread")
        )
        is_told = len(ranks) > 0 and len(spreads) > 0 and facts.rank_limit >= LEAST_LIMIT
        if facts.gathers_classes or not is_told or min(spreads) < SPREAD:
            return None
        limit = max(LEAST_RANK, LEAST_SHARE * facts.rank_limit)
        untrained = history.untrained("effective_rank")
        if untrained is not None:
            limit = min(max(limit, LOST_SHARE * untrained), SHARE_OF_UNTRAINED * untrained)
        if max(ranks) >= limit or ranks[-1] > RISING * min(ranks):
            return None
        before = "" if untrained is None else f"; untrained it was {untrained:.3g}"
        sentence = (
            f"The features use only about {ranks[-1]:.2g} directions of at most {facts.rank_limit:,}: that is their "
            f"effective rank at {LOOKS} looks in a row{before}."
        )
        return self.finding(sentence, *causes_and_knob(facts, SUSPECTS))
