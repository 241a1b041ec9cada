"""Asks the rules whenever a run has new points, and says each thing once while it lasts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding
from engine.doctor.history import History, Point
from engine.doctor.rule import Rule
from engine.doctor.rules import RULES

# Ours: an alarm is over when three looks in a row, over at least so many steps, found nothing. A value that swings
# around its threshold is one episode, not many.
QUIET_LOOKS = 3
QUIET_STEPS = 50


@dataclass(frozen=True)
class Raised:
    """Something is wrong since about this step."""

    step: int
    finding: Finding


@dataclass(frozen=True)
class Withdrawn:
    """What a rule had found is gone at this step."""

    step: int
    rule: str
    title: str

    @property
    def sentence(self) -> str:
        """The same in words."""
        return f"No longer: {self.title[:1].lower()}{self.title[1:]}."


@dataclass
class _Episode:
    """An alarm that stands: looks without a finding since then, and the step of the first of them."""

    quiet_looks: int = 0
    quiet_since: int = 0


class Doctor:
    """One run's doctor.

    Args:
        facts: The run.
        rules: What to look for.
        standing: Names of rules whose alarm stands already, as after a resume; they are not raised again.
    """

    def __init__(
        self, facts: RunFacts, *, rules: Sequence[Rule] = RULES, standing: Iterable[str] = ()
    ) -> None:
        self._facts, self._rules = facts, rules
        self._history = History()
        self._seen: dict[str, int] = {}
        self._episodes = {name: _Episode() for name in standing}

    def take(self, points: Iterable[Point]) -> None:
        """Remember points (name, step, value)."""
        self._history.add(points)

    def look(self) -> list[Raised | Withdrawn]:
        """Ask every rule that has something new to read; returns what has changed."""
        changes = [self._ask(rule) for rule in self._rules if self._has_news(rule)]
        return [change for change in changes if change is not None]

    def _has_news(self, rule: Rule) -> bool:
        count = sum(self._history.count(name) for name in rule.reads)
        is_new = count != self._seen.get(rule.name, 0)
        self._seen[rule.name] = count
        return is_new

    def _ask(self, rule: Rule) -> Raised | Withdrawn | None:
        finding, step = rule.look(self._history, self._facts), self._history.step
        episode = self._episodes.get(rule.name)
        if finding is not None:
            self._episodes[rule.name] = _Episode()
            return Raised(step, finding) if episode is None else None
        if episode is None:
            return None
        if not episode.quiet_looks:
            episode.quiet_since = step
        episode.quiet_looks += 1
        if episode.quiet_looks < QUIET_LOOKS or step - episode.quiet_since < QUIET_STEPS:
            return None
        del self._episodes[rule.name]
        return Withdrawn(step, rule.name, rule.title)
