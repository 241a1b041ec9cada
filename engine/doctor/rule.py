"""What every rule offers."""

from typing import ClassVar

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Finding, Knob
from engine.doctor.history import History


class Rule:
    """Looks at the newest curves and says what is wrong, or nothing.

    A rule speaks only when the whole stretch it looks at agrees: that stretch is its patience. It keeps no state; the
    doctor remembers what was said. ``name`` is stable, ``title`` for people, ``reads`` the series that make it look
    again.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]

    def look(self, history: History, facts: RunFacts) -> Finding | None:
        """Say what is wrong now; None where nothing is, or not enough is known."""
        raise NotImplementedError

    def finding(self, sentence: str, causes: tuple[str, ...], knob: Knob | None) -> Finding:
        """A finding of this rule."""
        return Finding(self.name, self.title, sentence, causes, knob)
