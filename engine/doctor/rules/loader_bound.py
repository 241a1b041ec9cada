"""The device waits for pictures."""

from statistics import median
from typing import ClassVar

from typing_extensions import override

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding, Knob
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.words import percent

WINDOWS = 20  # ours: of half a second each; the loader's start and a checkpoint are shorter
# Ours: a share of the time at which more or faster loading gives a third more speed or better.
SHARE = 0.3


class LoaderBound(Rule):
    """Reads the share of the time that the training loop waits for its loader."""

    name: ClassVar[str] = "loader_bound"
    title: ClassVar[str] = "Waiting for pictures"
    reads: ClassVar[tuple[str, ...]] = ("data_wait",)

    @override
    def look(self, history: History, facts: RunFacts) -> Finding | None:
        shares = history.last("data_wait", WINDOWS)
        if not shares or sorted(shares)[len(shares) // 4] < SHARE:
            return None
        share = median(shares)
        sentence = (
            f"The run waits {percent(share, 0)} of its time for pictures and could be up to "
            f"{1 / max(1 - share, 0.01):.1f} times as fast. {_loaders(facts)}"
        )
        knob = _more_processes(facts)
        causes = (
            *(("Fewer loader processes than there are cores.",) if knob else ()),
            "Pictures that are large or lie on a slow or distant disk; smaller copies on a local disk load faster.",
            "Views that cost much: many crops, blur, large pictures.",
        )
        return self.finding(sentence, causes, knob)


def _loaders(facts: RunFacts) -> str:
    number = facts.loader_workers
    cores = f"{facts.cores} core{'' if facts.cores == 1 else 's'}"
    if not number:
        return f"It has no loader processes of its own, on {cores}."
    return f"It has {number} loader process{'' if number == 1 else 'es'} on {cores}."


def _more_processes(facts: RunFacts) -> Knob | None:
    wanted = min(max(2 * facts.loader_workers, 2), facts.cores)
    if wanted <= facts.loader_workers:
        return None
    return Knob(
        "training.workers",
        f"Load with {wanted} processes instead of {facts.loader_workers}; results do not depend on it.",
        wanted,
    )
