"""What is said of time goes on being true while nothing happens, and what is chosen stays chosen."""

import time

import pytest

from engine.store import RunStatus
from studio import wording
from studio.main_window import MainWindow
from studio.pages.home_page import HomePage
from studio.pages.run_page import RunPage


@pytest.fixture
def later(monkeypatch):
    """Let so many seconds pass at once."""
    now = time.time

    def pass_by(seconds):
        monkeypatch.setattr(time, "time", lambda: now() + seconds)

    return pass_by


@pytest.fixture
def home(context, qtbot):
    made = HomePage(context)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    return made


def test_home_says_anew_how_long_ago_runs_were_started(home, context, make_run, later):
    make_run(status=RunStatus.FINISHED, step=1)
    context.watch.check()
    home.refresh()
    assert home.recent.table.item(0, 5).text() == "just now"
    later(600)
    home.say_times()
    assert home.recent.table.item(0, 5).text() == "10 min ago"
    assert home.recent.table.item(0, 5).toolTip() == "10 min ago"


def test_the_run_page_says_anew_since_when(context, qtbot, make_run, later):
    run = make_run()
    context.watch.check()
    page = RunPage(context)
    qtbot.addWidget(page)
    page.show()
    page.show_with(run_id=run.id)
    assert "queued just now" in page.header.words.text()
    later(240)
    page.say_times()
    assert "queued 4 min ago" in page.header.words.text()


def test_the_window_lets_its_page_say_the_times(context, qtbot, make_run, later, monkeypatch):
    monkeypatch.setattr("studio.main_window.TIMES_MILLISECONDS", 20)
    make_run(status=RunStatus.FINISHED, step=1)
    context.watch.check()
    window = MainWindow(context)
    qtbot.addWidget(window, before_close_func=lambda one: one.close_quietly())
    window.show()
    later(600)
    qtbot.waitUntil(lambda: window.page.recent.table.item(0, 5).text() == "10 min ago")


def test_a_run_that_was_never_started_has_no_start(home, context, make_run, store):
    from engine.store import update_run

    run = make_run()
    update_run(store, run.id, status=RunStatus.DRAFT)
    context.watch.check()
    home.refresh()
    assert [home.recent.table.item(0, column).text() for column in (4, 5)] == [wording.NOTHING] * 2


def test_the_chosen_run_stays_chosen_when_newer_ones_come(home, context, make_run):
    first, second = (make_run(name, RunStatus.FINISHED, step=1) for name in ("first", "second"))
    context.watch.check()
    home.refresh()
    home.recent.table.selectRow(1)
    make_run("third", RunStatus.FINISHED, step=1)
    home.refresh()
    table = home.recent.table
    assert table.item(table.currentRow(), 0).text() == "first"
    assert {item.row() for item in table.selectedItems()} == {2}
    table.cellActivated.emit(table.currentRow(), 0)
    assert context.visited[-1] == ("run", {"run_id": first.id})
    assert second.id != first.id


def test_a_chosen_run_that_is_gone_leaves_nothing_chosen(home, context, make_run, store):
    from engine.store import delete_run

    first, _ = (make_run(name, RunStatus.FINISHED, step=1) for name in ("first", "second"))
    context.watch.check()
    home.refresh()
    home.recent.table.selectRow(1)
    delete_run(store, first.id)
    context.watch.check()
    home.refresh()
    assert home.recent.table.selectedItems() == []


def test_unfinished_runs_that_did_not_change_keep_their_buttons_and_the_focus(home, context, make_run, qtbot):
    from PySide6.QtWidgets import QPushButton

    run = make_run(status=RunStatus.STOPPED, step=4)
    context.watch.check()
    home.refresh()
    button = home.findChild(QPushButton, f"resume_{run.id}")
    home.say_times()
    home.refresh()
    assert home.findChild(QPushButton, f"resume_{run.id}") is button
