"""A run's row alone decides what can be done with it, and each action is a verb of the store."""

import pytest

from engine.store import CommandKind, RunStatus, get_run, list_runs, take_commands
from studio.live.run_actions import Action, perform, possible


@pytest.mark.parametrize(
    ("status", "actions"),
    [
        (RunStatus.QUEUED, {"unqueue"}),
        (RunStatus.STARTING, {"stop_now"}),
        (RunStatus.RUNNING, {"pause", "release", "stop", "stop_now", "save"}),
        (RunStatus.PAUSED, {"resume", "release", "stop", "stop_now", "save"}),
        (RunStatus.FINISHED, {"repeat", "look", "start_from", "export", "embed"}),
        (RunStatus.STOPPED, {"resume", "repeat"}),
        (RunStatus.FAILED, {"resume", "repeat"}),
    ],
)
def test_each_state_allows_its_own_actions(make_run, status, actions):
    assert possible(make_run(status=status)) == actions


def test_a_lost_run_can_be_resumed_or_ended(make_run, lose):
    assert possible(lose(make_run(status=RunStatus.RUNNING))) == {"resume", "stop_now"}


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.PAUSED])
def test_a_run_that_trains_can_be_looked_into_once_it_has_learned_something(make_run, status):
    assert Action.LOOK not in possible(make_run(status=status))
    assert Action.LOOK in possible(make_run(status=status, step=5))


@pytest.mark.parametrize(
    ("action", "kind", "arguments"),
    [
        (Action.PAUSE, CommandKind.PAUSE, {"release": False}),
        (Action.RELEASE, CommandKind.PAUSE, {"release": True}),
        (Action.STOP, CommandKind.STOP, {}),
        (Action.STOP_NOW, CommandKind.STOP_NOW, {}),
        (Action.SAVE, CommandKind.SAVE, {}),
    ],
)
def test_an_action_on_a_running_run_is_a_command_to_its_worker(store, make_run, action, kind, arguments):
    run = make_run(status=RunStatus.RUNNING)
    perform(store, run, action)
    commands = take_commands(store, run.id)
    assert [(command.kind, command.args) for command in commands] == [(kind, arguments)]


def test_a_paused_run_with_a_worker_is_told_to_go_on(store, make_run):
    run = make_run(status=RunStatus.PAUSED)
    perform(store, run, Action.RESUME)
    assert [command.kind for command in take_commands(store, run.id)] == [CommandKind.RESUME]


def test_a_failed_run_goes_back_into_the_queue(store, make_run):
    run = make_run(status=RunStatus.FAILED)
    perform(store, run, Action.RESUME)
    assert get_run(store, run.id).status is RunStatus.QUEUED


def test_a_finished_run_is_repeated_as_a_new_one_with_the_same_recipe(store, make_run):
    run = make_run(status=RunStatus.FINISHED)
    made = perform(store, run, Action.REPEAT)
    assert made is not None
    assert made.id != run.id
    assert (made.recipe, made.seed, made.status) == (run.recipe, run.seed, RunStatus.QUEUED)
    assert len(list_runs(store)) == 2


def test_a_run_taken_out_of_the_queue_is_a_draft_again(store, make_run):
    run = make_run()
    perform(store, run, Action.UNQUEUE)
    assert get_run(store, run.id).status is RunStatus.DRAFT
