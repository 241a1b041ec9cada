"""Is it learning? Rules that read a run's curves and say in words what goes wrong, why, and what to turn.

Free of torch and of the store: a rule is tested on numbers alone. ``engine.jobs.alarms`` feeds the doctor what a run
records and writes what it says into the run's events.
"""

from engine.doctor.doctor import Doctor, Raised, Withdrawn
from engine.doctor.facts import Recommended, RunFacts
from engine.doctor.finding import Finding, Knob
from engine.doctor.history import History
from engine.doctor.rule import Rule
from engine.doctor.rules import RULES
from engine.doctor.rules.not_finite import not_finite

__all__ = [
    "RULES",
    "Doctor",
    "Finding",
    "History",
    "Knob",
    "Raised",
    "Recommended",
    "Rule",
    "RunFacts",
    "Withdrawn",
    "not_finite",
]
