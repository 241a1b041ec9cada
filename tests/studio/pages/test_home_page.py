"""Home: rows in, text on screen; clicks in, rows out."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from engine.declared import make_recipe
from engine.store import (
    CommandKind,
    Level,
    RunStatus,
    add_event,
    beat,
    get_run,
    queued_runs,
    take_commands,
    update_run,
)
from studio.pages.home_page import HomePage


@pytest.fixture
def home(context, qtbot):
    page = HomePage(context)
    qtbot.addWidget(page)
    page.resize(1100, 800)
    page.show()
    context.watch.check()
    page.show_with()
    return page


def click(page, name, qtbot):
    qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_an_empty_store_says_what_to_do_next(home, context, qtbot):
    assert home.empty.isVisible()
    assert not home.queue.isVisible()
    assert not home.recent.isVisible()
    click(home, "try_button", qtbot)
    ((page, arguments),) = context.visited
    assert page == "new_run"
    assert (arguments["location"], arguments["preset"]) == ("builtin:digits", "quick")
    assert make_recipe("mae", "quick", arguments["changes"]).training.epochs == 40


def test_a_running_run_has_a_card_that_follows_its_row(home, context, make_run, add_points, store):
    run = make_run("MAE clothing", RunStatus.RUNNING, step=420)
    add_points(run, "loss", {0: 1.0, 1: 0.5})
    context.watch.check()
    card = home.findChild(object, f"running_card_{run.id}")
    assert card.badge.text == "Training"
    assert "42 %" in card.words.text()
    assert "step 420 of 1,000" in card.words.text()
    assert "0.500" in card.spark.accessibleName()
    add_points(run, "loss", {2: 0.25})
    context.watch.check()
    assert "0.250" in card.spark.accessibleName()
    assert home.recent.table.item(0, 2).text() == "0.250"
    beat(store, run.id, step=500, epoch=50, images_seen=16_000)
    context.watch.check()
    assert card.bar.value() == 500


def test_pause_and_stop_write_commands(home, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    click(home, "running_pause", qtbot)
    click(home, "running_stop", qtbot)
    assert [command.kind for command in take_commands(store, run.id)] == [CommandKind.PAUSE, CommandKind.STOP]


def test_a_paused_run_offers_resume_in_place_of_pause(home, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    update_run(store, run.id, status=RunStatus.PAUSED)
    context.watch.check()
    card = home.findChild(object, f"running_card_{run.id}")
    assert not card.pause.isVisible()
    qtbot.mouseClick(card.resume, Qt.MouseButton.LeftButton)
    assert [command.kind for command in take_commands(store, run.id)] == [CommandKind.RESUME]


def test_the_card_goes_when_the_run_ends(home, context, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    update_run(store, run.id, status=RunStatus.FINISHED)
    context.watch.check()
    assert home.findChild(object, f"running_card_{run.id}") is None
    assert home.recent.table.item(0, 1).text() == "Finished"


def test_the_queue_is_shown_in_order_and_reordered_by_buttons(home, context, make_run, store, qtbot):
    first, second = make_run("first"), make_run("second")
    context.watch.check()
    rows = home.queue.list
    assert [rows.item(row).text() for row in range(2)] == ["1. first", "2. second"]
    rows.setCurrentRow(1)
    qtbot.mouseClick(home.queue.up, Qt.MouseButton.LeftButton)
    assert [run.id for run in queued_runs(store)] == [second.id, first.id]
    assert rows.currentRow() == 0
    assert not home.queue.up.isEnabled()


def test_an_item_dragged_to_another_place_is_moved_in_the_store(home, context, make_run, store, qtbot):
    runs = [make_run(name) for name in ("a", "b", "c")]
    context.watch.check()
    rows = home.queue.list
    rows.setCurrentRow(2)
    item = rows.takeItem(2)
    rows.insertItem(0, item)
    rows.setCurrentItem(item)
    home.queue.write_order()
    assert [run.id for run in queued_runs(store)] == [runs[2].id, runs[0].id, runs[1].id]


def test_delete_takes_a_run_out_of_the_queue_and_undo_puts_it_back(home, context, make_run, store, qtbot):
    run = make_run("first")
    context.watch.check()
    home.queue.list.setCurrentRow(0)
    qtbot.keyClick(home.queue.list, Qt.Key.Key_Delete)
    assert queued_runs(store) == []
    label, undo = context.said[-1].action
    assert label == "Undo"
    undo()
    assert [one.id for one in queued_runs(store)] == [run.id]


def test_a_run_that_failed_is_offered_for_resume_with_its_reason(home, context, make_run, store, qtbot):
    run = make_run("MAE clothing", RunStatus.RUNNING, step=370)
    update_run(store, run.id, status=RunStatus.FAILED, error="The disk is full.")
    context.watch.check()
    row = home.findChild(object, f"resume_row_{run.id}")
    assert row.accessibleName() == "MAE clothing: Failed at epoch 37.0: The disk is full."
    click(home, f"resume_{run.id}", qtbot)
    assert get_run(store, run.id).status is RunStatus.QUEUED
    assert not home.resume.isVisible()


def test_a_run_lost_in_a_crash_is_offered_for_resume(home, context, make_run, lose, store, qtbot):
    run = lose(make_run("MAE clothing", RunStatus.RUNNING, step=370))
    context.watch.check()
    assert home.findChild(object, f"running_card_{run.id}") is None
    assert "No sign of life" in home.findChild(object, f"resume_row_{run.id}").accessibleName()
    click(home, f"resume_log_{run.id}", qtbot)
    assert context.visited == [("run", {"run_id": run.id, "show": "log"})]


def test_a_dismissed_run_is_not_offered_again_until_it_fails_again(home, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.FAILED)
    context.watch.check()
    click(home, f"resume_dismiss_{run.id}", qtbot)
    assert not home.resume.isVisible()
    again = HomePage(context)
    qtbot.addWidget(again)
    again.show_with()
    assert again.findChild(object, f"resume_row_{run.id}") is None


def test_a_recent_run_opens_with_enter(home, context, make_run, add_points, qtbot):
    run = make_run("done", RunStatus.FINISHED)
    add_points(run, "knn", {0: 0.5483})
    context.watch.check()
    home.refresh()
    assert [home.recent.table.item(0, column).text() for column in (0, 1, 3)] == [
        "done",
        "Finished",
        "54.8 %",
    ]
    home.recent.table.setCurrentCell(0, 0)
    home.recent.table.cellActivated.emit(0, 0)
    assert context.visited == [("run", {"run_id": run.id})]


def test_a_run_deleted_meanwhile_is_said_in_words(home, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.FAILED)
    context.watch.check()
    from engine.store import delete_run

    delete_run(store, run.id)
    click(home, f"resume_{run.id}", qtbot)
    assert context.said[-1].level == "bad"
    assert f"no run {run.id}" in context.said[-1].sentence


def test_an_event_of_the_engine_disturbs_nothing(home, context, store):
    add_event(store, None, Level.INFO, "The engine looked around.")
    context.watch.check()
    assert home.empty.isVisible()


def test_names_have_room_in_a_narrow_window(home, context, make_run, qtbot):
    make_run("a run of a usual name", RunStatus.FINISHED)
    context.watch.check()
    names = home.recent.table
    assert not names.isColumnHidden(4)
    home.resize(880, 600)
    qtbot.waitUntil(lambda: names.isColumnHidden(4))
    needed = names.fontMetrics().horizontalAdvance("a run of a usual name")
    assert names.columnWidth(0) > needed
