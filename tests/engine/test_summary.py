"""What the command line says at a run's end."""

import json

from engine.commands.summary import describe_end, summarise
from engine.store import Level, RunStatus, add_event, claim_run, create_run, get_run, update_run


def make_run(store):
    run = create_run(store, name="a test's run", method="mae", recipe={}, seed=0)
    claim_run(store, device="cpu", host="here")
    return update_run(store, run.id, status=RunStatus.RUNNING)


def test_alarms_that_hold_are_told_with_causes_and_knob(store):
    run = make_run(store)
    knob = {"setting": "training.base_lr", "value": 0.1}
    add_event(store, run.id, Level.INFO, "It trains.")
    for rule in ("one_point", "diverging"):
        data = {"rule": rule, "knob": knob}
        add_event(store, run.id, Level.ALARM, f"{rule}!", detail="Likely: a rate\nTurn: it down", data=data)
    add_event(store, run.id, Level.INFO, "It falls again.", data={"recovered": "diverging"})
    summary = summarise(store, get_run(store, run.id))
    assert [(alarm["rule"], alarm["message"], alarm["knob"]) for alarm in summary["alarms"]] == [
        ("one_point", "one_point!", knob)
    ]
    json.dumps(summary)
    said = describe_end(get_run(store, run.id), summary)
    assert "  Alarm: one_point!\n    Likely: a rate\n    Turn: it down" in said


def test_a_run_without_alarms_says_nothing_of_them(store):
    run = make_run(store)
    summary = summarise(store, run)
    assert summary["alarms"] == []
    assert "Alarm" not in describe_end(run, summary)
