"""What a rule says: what is seen, what is likely behind it, and which setting to turn."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Knob:
    """A setting to turn.

    Args:
        setting: Dotted name, such as ``training.base_lr``.
        advice: What to do with it and why, one sentence.
        value: What to set it to; None where only the person can choose.
    """

    setting: str
    advice: str
    value: Any = None


@dataclass(frozen=True)
class Finding:
    """An alarm about a run.

    Args:
        rule: Name of the rule, stable.
        title: A few words, such as "Collapse to one point".
        sentence: What is seen, with the numbers.
        causes: What is likely behind it, the likeliest first, one sentence each.
        knob: What to turn, None where no setting helps.
    """

    rule: str
    title: str
    sentence: str
    causes: tuple[str, ...] = ()
    knob: Knob | None = None

    @property
    def detail(self) -> str:
        """Causes and knob as text, for a log."""
        lines = [f"Likely: {cause}" for cause in self.causes]
        return "\n".join([*lines, f"Turn: {self.knob.advice}"] if self.knob else lines)

    def as_data(self) -> dict[str, Any]:
        """The same as plain values, for an event that a window reads."""
        knob = self.knob
        return {
            "rule": self.rule,
            "title": self.title,
            "causes": list(self.causes),
            "knob": {"setting": knob.setting, "advice": knob.advice, "value": knob.value} if knob else None,
        }
