"""The Run page: one run's rows on screen, and buttons that write rows."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from engine.declared import fidelity, recipe_from_dict, recipe_from_toml
from engine.store import (
    CommandKind,
    Level,
    RunStatus,
    add_event,
    beat,
    delete_run,
    get_run,
    list_runs,
    take_commands,
    update_run,
)
from studio.live.run_actions import Action
from studio.pages.run_page import RunPage


@pytest.fixture
def page(context, qtbot):
    made = RunPage(context)
    qtbot.addWidget(made)
    for action in made.header_actions():
        qtbot.addWidget(action)
    made.resize(1180, 760)
    made.show()
    context.watch.check()
    return made


def enabled(page):
    return {
        action.value
        for action, one in (*page.controls.buttons.items(), *page.controls.entries.items())
        if one.isEnabled()
    }


def test_without_runs_it_says_what_to_do_next(page, context):
    page.show_with()
    assert page.findChild(QLabel, "run_empty_sentence").isVisible()
    assert enabled(page) == set()


def test_it_opens_on_the_run_that_trains_else_on_the_newest(page, context, make_run):
    training = make_run("training", RunStatus.RUNNING, step=1)
    newest = make_run("newest", RunStatus.FINISHED)
    context.watch.check()
    page.show_with()
    assert page.run.id == training.id
    page.show_with(run_id=newest.id)
    page.show_with()
    assert page.run.id == newest.id


def test_it_opens_on_the_run_that_was_opened_last_on_another_page(page, context, make_run):
    first, second = make_run("first", RunStatus.FINISHED), make_run("second", RunStatus.FINISHED)
    page.show_with()
    assert (page.run.id, context.opened_run) == (second.id, second.id)
    context.opened_run = first.id
    page.show_with()
    assert page.run.id == first.id


def test_it_follows_the_row(page, context, make_run, store):
    run = make_run("MAE clothing", RunStatus.RUNNING, step=420)
    context.watch.check()
    page.show_with(run_id=run.id)
    assert page.header.badge.text == "Training"
    assert "42 %" in page.header.words.text()
    beat(store, run.id, step=500, epoch=50, images_seen=16_000)
    context.watch.check()
    assert page.header.bar.value() == 500


def test_the_first_point_appears_on_the_plot(page, context, make_run, add_points, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    page.show_with(run_id=run.id)
    assert page.charts.charts == {}
    add_points(run, "loss", {0: 1.25})
    context.watch.check()
    qtbot.waitUntil(lambda: "loss_chart" in page.charts.charts)
    assert page.charts.charts["loss_chart"].lines["loss"].values.tolist() == [1.25]
    add_points(run, "loss", {1: 1.0})
    context.watch.check()
    qtbot.waitUntil(lambda: page.charts.charts["loss_chart"].lines["loss"].values.tolist() == [1.25, 1.0])


def test_one_switch_and_one_slider_rule_all_charts(page, context, make_run, add_points, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=1)
    for name in ("loss", "lr"):
        add_points(run, name, {0: 1.0, 1: 0.5})
    context.watch.check()
    page.show_with(run_id=run.id)
    page.charts.log_x.setChecked(True)
    page.charts.smoothing.setValue(40)
    qtbot.waitUntil(lambda: len(page.charts.charts) == 2)
    assert {chart.is_log_x for chart in page.charts.charts.values()} == {True}
    assert {chart.smoothing for chart in page.charts.charts.values()} == {40}


def test_buttons_are_enabled_by_the_row_alone(page, context, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    page.show_with(run_id=run.id)
    assert enabled(page) == {"pause", "stop", "release", "save", "stop_now", "look"}
    update_run(store, run.id, status=RunStatus.PAUSED)
    context.watch.check()
    assert enabled(page) == {"resume", "stop", "release", "save", "stop_now", "look"}
    update_run(store, run.id, status=RunStatus.FINISHED)
    context.watch.check()
    assert enabled(page) == {"repeat", "start_from", "export", "embed", "look"}


@pytest.mark.parametrize(
    ("action", "kind"), [(Action.PAUSE, CommandKind.PAUSE), (Action.STOP, CommandKind.STOP)]
)
def test_a_button_writes_its_command_and_says_so_until_the_row_answers(
    page, context, make_run, store, qtbot, action, kind
):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    page.show_with(run_id=run.id)
    page.controls.buttons[action].show()
    qtbot.mouseClick(page.controls.buttons[action], Qt.MouseButton.LeftButton)
    assert [command.kind for command in take_commands(store, run.id)] == [kind]
    assert page.header.asked.isVisible()
    update_run(store, run.id, status=RunStatus.PAUSED)
    context.watch.check()
    assert not page.header.asked.isVisible()


@pytest.mark.parametrize(
    ("action", "kind", "arguments"),
    [
        (Action.RELEASE, CommandKind.PAUSE, {"release": True}),
        (Action.SAVE, CommandKind.SAVE, {}),
        (Action.STOP_NOW, CommandKind.STOP_NOW, {}),
    ],
)
def test_the_menu_writes_its_commands(page, context, make_run, store, action, kind, arguments):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    page.show_with(run_id=run.id)
    page.controls.entries[action].trigger()
    assert [(one.kind, one.args) for one in take_commands(store, run.id)] == [(kind, arguments)]


def test_queue_again_makes_a_run_of_the_same_recipe_and_shows_it(page, context, make_run, store):
    run = make_run(status=RunStatus.FINISHED)
    context.watch.check()
    page.show_with(run_id=run.id)
    page.controls.entries[Action.REPEAT].trigger()
    newest = list_runs(store)[0]
    assert newest.recipe == run.recipe
    assert page.run.id == newest.id
    assert newest.status is RunStatus.QUEUED


def test_a_failed_run_says_why_what_to_do_and_offers_it(page, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=10)
    update_run(
        store, run.id, status=RunStatus.FAILED, error="The disk is full.", error_fix="Free some space."
    )
    context.watch.check()
    page.show_with(run_id=run.id)
    assert page.header.note.words.text() == "The disk is full. Free some space."
    qtbot.mouseClick(page.header.note.resume, Qt.MouseButton.LeftButton)
    assert get_run(store, run.id).status is RunStatus.QUEUED
    assert not page.header.note.isVisible()


def test_a_lost_run_says_so_and_can_be_resumed(page, context, make_run, lose):
    run = lose(make_run(status=RunStatus.RUNNING, step=10))
    context.watch.check()
    page.show_with(run_id=run.id)
    assert "last sign of life" in page.header.note.words.text()
    assert enabled(page) == {"resume", "stop_now", "look"}


def test_the_log_shows_old_and_new_events_and_filters_them(page, context, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    add_event(store, run.id, Level.INFO, "Loaded 100 pictures.")
    context.watch.check()
    page.show_with(run_id=run.id, show="log")
    add_event(store, run.id, Level.ALARM, "Features collapse.", step=7, detail="Lower the learning rate.")
    context.watch.check()
    text = page.log.text.toPlainText()
    assert "Loaded 100 pictures." in text
    assert "ALARM  Features collapse.  (step 7)" in text
    assert "Lower the learning rate." in text
    page.log.level.setCurrentText("Alarms and errors")
    assert "Loaded" not in page.log.text.toPlainText()
    page.log.level.setCurrentText("All lines")
    page.log.filter.setText("loaded")
    assert "collapse" not in page.log.text.toPlainText()


def test_events_of_another_run_are_not_shown(page, context, make_run, store):
    run, other = make_run(status=RunStatus.RUNNING, step=1), make_run()
    context.watch.check()
    page.show_with(run_id=run.id)
    add_event(store, other.id, Level.ALARM, "Elsewhere.")
    context.watch.check()
    assert page.log.text.toPlainText() == ""
    assert page.alarms.number == 0


def test_alarms_are_counted_on_their_tab(page, context, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    add_event(store, run.id, Level.ALARM, "Features collapse.", step=7)
    context.watch.check()
    page.show_with(run_id=run.id, show="alarms")
    assert page.tabs.tabText(1) == "Alarms (1)"
    assert page.tabs.currentIndex() == 1
    add_event(store, run.id, Level.ERROR, "Worse.")
    context.watch.check()
    assert page.tabs.tabText(1) == "Alarms (2)"


FOUND = {
    "rule": "one_point",
    "title": "Collapse to one point",
    "causes": ["The learning rate is too high."],
    "knob": {"setting": "training.base_lr", "advice": "Lower the rate from 1 to 0.5.", "value": 0.5},
}


def test_an_alarm_says_why_and_opens_a_new_run_with_the_knob_turned(page, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=1)
    alarm = add_event(store, run.id, Level.ALARM, "All pictures look alike.", step=7, detail="x", data=FOUND)
    context.watch.check()
    page.show_with(run_id=run.id, show="alarms")
    row = page.findChild(QWidget, f"alarm_{alarm}")
    words = " ".join(label.text() for label in row.findChildren(QLabel))
    for part in (
        "All pictures look alike.",
        "The learning rate is too high.",
        "Lower the rate from 1 to 0.5.",
    ):
        assert part in words
    qtbot.mouseClick(row.findChild(QPushButton, f"alarm_knob_{alarm}"), Qt.MouseButton.LeftButton)
    assert context.visited[-1] == (
        "new_run",
        {"run_id": run.id, "changes": {"training.base_lr": 0.5}, "field": "training.base_lr"},
    )


def test_a_knob_that_only_a_person_can_set_is_shown(page, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=1)
    data = {**FOUND, "knob": {**FOUND["knob"], "value": None}}
    alarm = add_event(store, run.id, Level.ALARM, "All pictures look alike.", data=data)
    context.watch.check()
    page.show_with(run_id=run.id, show="alarms")
    button = page.findChild(QPushButton, f"alarm_knob_{alarm}")
    assert button.text() == "Open a new run at this setting"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert context.visited[-1] == ("new_run", {"run_id": run.id, "field": "training.base_lr"})


def test_an_alarm_that_is_over_stays_in_the_list_and_is_not_counted(page, context, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    alarm = add_event(store, run.id, Level.ALARM, "All pictures look alike.", step=7, data=FOUND)
    context.watch.check()
    page.show_with(run_id=run.id, show="alarms")
    row = page.findChild(QWidget, f"alarm_{alarm}")
    assert row.accessibleName().startswith("Alarm: ")
    add_event(store, run.id, Level.INFO, "No longer.", step=90, data={"recovered": "one_point"})
    context.watch.check()
    assert row.accessibleName().startswith("Alarm, over: ")
    assert page.tabs.tabText(1) == "Alarms"
    assert row.isVisible()


def test_details_are_copied_and_the_recipe_file_starts_the_same_run(page, context, make_run, tmp_path):
    run = make_run("MAE shapes", RunStatus.FINISHED)
    context.watch.check()
    page.show_with(run_id=run.id, show="details")
    page.details.copy()
    copied = QGuiApplication.clipboard().text()
    assert "Seed: 0" in copied
    assert 'method = "mae"' in copied
    page.details.save_recipe(tmp_path / "recipe.toml")
    assert recipe_from_toml((tmp_path / "recipe.toml").read_text()).model_dump() == run.recipe


def test_details_say_what_is_not_as_in_the_paper(page, context, make_run):
    run = make_run("MAE shapes", RunStatus.FINISHED)
    context.watch.check()
    page.show_with(run_id=run.id, show="details")
    expected = [each.sentence for each in fidelity(recipe_from_dict(run.recipe))]
    assert expected
    assert page.details.fidelity.sentences == expected


def test_a_recipe_that_cannot_be_written_is_said_with_a_way_out(page, context, make_run, tmp_path):
    run = make_run(status=RunStatus.FINISHED)
    context.watch.check()
    page.show_with(run_id=run.id)
    page.details.save_recipe(tmp_path / "missing" / "recipe.toml")
    assert context.said[-1].level == "bad"
    assert context.said[-1].action[0] == "Save elsewhere…"


def test_the_chooser_opens_another_run(page, context, make_run):
    first, second = make_run("first", RunStatus.FINISHED), make_run("second", RunStatus.FINISHED)
    context.watch.check()
    page.show_with(run_id=first.id)
    index = page.chooser.findData(second.id)
    page.chooser.setCurrentIndex(index)
    page.chooser.activated.emit(index)
    assert page.run.id == second.id
    assert page.header.heading.text() == "second"


def test_a_run_deleted_elsewhere_gives_way_to_another(page, context, make_run, store):
    kept, gone = make_run("kept", RunStatus.FINISHED), make_run("gone", RunStatus.FINISHED)
    context.watch.check()
    page.show_with(run_id=gone.id)
    delete_run(store, gone.id)
    context.watch.check()
    assert page.run.id == kept.id


def test_the_charts_of_another_run_show_its_own_points_and_colour(page, context, make_run, add_points, qtbot):
    first, second = make_run("first", RunStatus.FINISHED), make_run("second", RunStatus.FINISHED)
    add_points(first, "loss", {0: 1.0})
    add_points(second, "loss", {0: 2.0})
    add_points(first, "knn", {0: 0.5})
    context.watch.check()
    page.show_with(run_id=first.id)
    qtbot.waitUntil(lambda: len(page.charts.charts) == 2)
    page.show_with(run_id=second.id)
    assert page.charts.charts == {}
    qtbot.waitUntil(lambda: "loss_chart" in page.charts.charts)
    assert page.charts.charts["loss_chart"].lines["loss"].values.tolist() == [2.0]
    assert "knn_chart" not in page.charts.charts
    page.show_with(run_id=first.id)
    qtbot.waitUntil(lambda: len(page.charts.charts) == 2)
    assert page.charts.charts["loss_chart"].lines["loss"].values.tolist() == [1.0]
