"""Brings a run to the doctor: what is recorded goes in, what is found becomes an event of the run."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

from engine.declared import load_catalogue
from engine.declared.presets import scale_preset
from engine.declared.recipes import changes_of
from engine.doctor import Doctor, Finding, Raised, Recommended, RunFacts, Withdrawn, not_finite
from engine.doctor.history import KEPT, Point
from engine.errors import NotFiniteError, StoreError
from engine.jobs.assembly import Assembly
from engine.jobs.recorder import Recorder
from engine.method import Method
from engine.recipe import Recipe
from engine.store import Level, Store, events_after, read_curve, series_summaries

# A learning rate of one optimizer says nothing about that of another.
RATE, WHAT_RATES_DEPEND_ON = "training.base_lr", ("training.optimizer", "training.lr_scaling")


class Alarms:
    """The doctor of one run, with a voice in its log.

    Args:
        store: Where the run is.
        run_id: Which run.
        recorder: Says it.
        facts: The run.
    """

    def __init__(self, store: Store, run_id: int, recorder: Recorder, facts: RunFacts) -> None:
        self._recorder, self._facts = recorder, facts
        self._doctor = Doctor(facts, standing=_standing(store, run_id))
        self._doctor.take(_earlier(store, run_id))
        self._unsaid: list[Raised | Withdrawn] = []

    def take(self, points: Sequence[Point]) -> None:
        """Look at what was just written; a log that cannot be written now is written at the next look."""
        self._doctor.take(points)
        self._unsaid += self._doctor.look()
        while self._unsaid:
            try:
                self._say(self._unsaid[0])
            except StoreError:
                return
            self._unsaid.pop(0)

    def tell_not_finite(self, problem: NotFiniteError, last_good_step: int | None) -> None:
        """Say what lies behind numbers that are none any more.

        Args:
            problem: What was not finite, and when.
            last_good_step: Step of the newest checkpoint, None without one.
        """
        found = not_finite(self._facts, term=problem.term, step=problem.step, last_good_step=last_good_step)
        self._raise(problem.step, found)

    def _say(self, change: Raised | Withdrawn) -> None:
        if isinstance(change, Raised):
            self._raise(change.step, change.finding)
        else:
            data = {"recovered": change.rule}
            self._recorder.say(Level.INFO, change.sentence, step=change.step, data=data)

    def _raise(self, step: int, finding: Finding) -> None:
        message = f"{finding.title}. {finding.sentence}"
        self._recorder.say(Level.ALARM, message, step=step, detail=finding.detail, data=finding.as_data())


def run_facts(assembly: Assembly, method: Method, *, test_pictures: int, watched_pictures: int) -> RunFacts:
    """What the doctor must know of a run.

    Args:
        assembly: The parts of the run.
        method: The network.
        test_pictures: Pictures that k-NN classifies.
        watched_pictures: Pictures whose features are watched.
    """
    plan = assembly.plan
    return RunFacts(
        method=method.title,
        total_steps=plan.total_steps,
        warmup_steps=plan.training.warmup_epochs * plan.steps_per_epoch,
        steps_per_epoch=plan.steps_per_epoch,
        settings=_flat(assembly.recipe, assembly.settings.model_dump()),
        recommended=_recommended(assembly.recipe, len(assembly.split.train)),
        gathers_classes=method.needs_labels,
        judged_by_neighbours=method.judged_by_neighbours,
        test_pictures=test_pictures,
        rank_limit=min(watched_pictures, method.evaluated_encoder.width),
        loader_workers=assembly.loader_workers,
        cores=os.cpu_count() or 1,
    )


def _flat(recipe: Recipe, settings: dict[str, Any]) -> dict[str, Any]:
    sections = {
        "data": recipe.data.model_dump(),
        "encoder": recipe.encoder.model_dump(),
        "training": recipe.training.model_dump(),
        "settings": settings,
    }
    return {
        f"{section}.{name}": value for section, values in sections.items() for name, value in values.items()
    }


def _recommended(recipe: Recipe, num_train: int) -> dict[str, Recommended]:
    """The values of the preset that the run started from, scaled to its pictures and length, over what is declared."""
    catalogue = load_catalogue()
    usual = {
        field.path: Recommended(field.default, field.source) for field in catalogue.fields_for(recipe.method)
    }
    preset = catalogue.method(recipe.method).presets.get(recipe.preset)
    if preset is not None:
        scaled = scale_preset(preset, changes_of(recipe), num_train)
        usual |= {path: Recommended(value, scaled.sources[path]) for path, value in scaled.values.items()}
    training = recipe.training.model_dump()
    if any(training[path.partition(".")[2]] != usual[path].value for path in WHAT_RATES_DEPEND_ON):
        usual.pop(RATE)
    return usual


def _standing(store: Store, run_id: int) -> set[str]:
    """Rules whose alarm was raised and not withdrawn before the run was resumed."""
    standing: set[str] = set()
    last = 0
    while events := events_after(store, last, run_id=run_id, limit=5000):
        last = events[-1].id
        for event in events:
            if "rule" in event.data:
                standing.add(event.data["rule"])
            standing.discard(event.data.get("recovered", ""))
    return standing


def _earlier(store: Store, run_id: int) -> Iterable[Point]:
    """The curves before a resume, long ones summed up; nothing for a new run."""
    for name in series_summaries(store, [run_id]).get(run_id, {}):
        curve = read_curve(store, run_id, name, max_points=KEPT)
        yield from zip([name] * len(curve.steps), curve.steps.tolist(), curve.values.tolist(), strict=True)
