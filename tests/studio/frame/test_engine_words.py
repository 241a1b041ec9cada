"""The status bar's sentence about the engine is true."""

from engine.store import RunStatus, list_runs
from studio.live.engine_words import engine_state


def state(store, seconds=None, **facts):
    return engine_state(list_runs(store), lambda _run_id: seconds, **facts)


def test_an_empty_store_leaves_the_engine_idle(store):
    assert state(store).text == "Engine idle"


def test_a_training_run_is_named_with_its_place_its_share_and_the_time_left(store, make_run):
    run = make_run("MAE clothing", RunStatus.RUNNING, step=420)
    make_run("next")
    said = state(store, seconds=180)
    assert said.text == "Training 1 of 2 · MAE clothing · 42 % · 3 min left"
    assert said.run_id == run.id


def test_time_left_is_not_said_while_it_is_unknown(store, make_run):
    make_run("MAE clothing", RunStatus.RUNNING, step=420)
    assert state(store).text == "Training · MAE clothing · 42 %"


def test_a_lost_run_does_not_count_as_training(store, make_run, lose):
    lose(make_run("gone", RunStatus.RUNNING, step=420))
    assert state(store).text == "Engine idle"


def test_another_program_that_has_the_engine_is_named(store, make_run):
    make_run()
    said = state(
        store, owner="Another studio on this computer (process 7) already runs the training of this store."
    )
    assert "process 7" in said.text
    assert said.level == "warn"


def test_waiting_runs_do_not_start_while_the_engine_is_off(store, make_run):
    make_run()
    assert state(store, is_up=False).text == "Engine off · 1 run waiting"


def test_what_keeps_the_engine_from_working_comes_first(store, make_run):
    make_run("MAE clothing", RunStatus.RUNNING, step=420)
    assert state(store, last_error="The disk is full.").text == "The disk is full."
