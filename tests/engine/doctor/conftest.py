"""A run's facts and curves, made up or as a healthy run left them."""

from dataclasses import replace

import pytest

from engine.doctor import Doctor, Raised, Recommended, RunFacts

FACTS = RunFacts(
    method="DINO",
    total_steps=10_000,
    warmup_steps=100,
    steps_per_epoch=100,
    settings={"training.base_lr": 0.02, "training.clip_norm": 0.0, "settings.teacher_temperature": 0.04},
    recommended={
        "training.base_lr": Recommended(0.02, "paper"),
        "settings.teacher_temperature": Recommended(0.04, "paper"),
    },
    test_pictures=500,
    rank_limit=192,
    loader_workers=1,
    cores=8,
)


@pytest.fixture
def make_facts():
    """The facts of a run with other settings or sizes: ``make_facts({"settings.centring": False}, cores=1)``."""

    def make(settings=None, **sizes):
        return replace(FACTS, settings={**FACTS.settings, **(settings or {})}, **sizes)

    return make


@pytest.fixture
def ask():
    """Give a doctor whole curves {name: {step: value}}, step by step, and return all that it says."""

    def ask(curves, facts=FACTS, doctor=None):
        doctor = doctor or Doctor(facts)
        said = []
        for step in sorted({step for points in curves.values() for step in points}):
            doctor.take([(name, step, points[step]) for name, points in curves.items() if step in points])
            said += doctor.look()
        return said

    return ask


@pytest.fixture
def rules_of():
    """Names of the rules that were raised, in order."""
    return lambda said: [change.finding.rule for change in said if isinstance(change, Raised)]
