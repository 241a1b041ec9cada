"""From a finding to its likely causes in this very run: settings that stray from what the preset had come first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.doctor.facts import RunFacts
from engine.doctor.finding import Knob

Way = Literal["high", "low", "other"]


@dataclass(frozen=True)
class Suspect:
    """A setting that may be behind a finding.

    Args:
        setting: Dotted name; a run without it is not suspected.
        way: How it strays when it is guilty.
        cause: Why it may be the cause, one sentence that starts with a capital.
        title: What the setting is called in a sentence.
        factor: What to multiply it by where it does not stray; None leaves it alone then.
        is_minor: Whether it is turned only where no other can be.
    """

    setting: str
    way: Way
    cause: str
    title: str
    factor: float | None = None
    is_minor: bool = False


def causes_and_knob(facts: RunFacts, suspects: Sequence[Suspect]) -> tuple[tuple[str, ...], Knob | None]:
    """Order the suspects that the run has, those that stray first, and choose what to turn.

    Args:
        facts: The run.
        suspects: The likeliest first.

    Returns:
        One sentence for each cause, and the setting to turn: back to the preset's value where one strays from it, else
        the first one that can be moved by a factor, else back to the preset's value with a minor one.
    """
    known = [suspect for suspect in suspects if suspect.setting in facts.settings]
    straying = [suspect for suspect in known if _strays(facts, suspect)]
    ordered = straying + [suspect for suspect in known if suspect not in straying]
    causes = tuple(suspect.cause for suspect in ordered)
    for suspect in straying:
        if not suspect.is_minor:
            return causes, _back_to_preset(facts, suspect)
    for suspect in known:
        if suspect.factor is not None:
            return causes, _moved(facts, suspect, suspect.factor)
    return causes, _back_to_preset(facts, straying[0]) if straying else None


def _strays(facts: RunFacts, suspect: Suspect) -> bool:
    recommended = facts.recommended.get(suspect.setting)
    value = facts.settings[suspect.setting]
    if recommended is None or value == recommended.value:
        return False
    if suspect.way == "other" or not (_is_number(value) and _is_number(recommended.value)):
        return suspect.way == "other"
    return bool(value > recommended.value if suspect.way == "high" else value < recommended.value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _back_to_preset(facts: RunFacts, suspect: Suspect) -> Knob:
    value, usual = facts.settings[suspect.setting], facts.recommended[suspect.setting]
    sentence = f"Set {suspect.title} from {in_words(value)} to {in_words(usual.value)} ({usual.source})."
    return Knob(suspect.setting, sentence, usual.value)


def _moved(facts: RunFacts, suspect: Suspect, factor: float) -> Knob:
    value = facts.settings[suspect.setting]
    wanted = float(f"{value * factor:.3g}")
    verb = "Lower" if factor < 1 else "Raise"
    return Knob(
        suspect.setting, f"{verb} {suspect.title} from {in_words(value)} to {in_words(wanted)}.", wanted
    )


def in_words(value: Any) -> str:
    """A setting's value in a sentence."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
