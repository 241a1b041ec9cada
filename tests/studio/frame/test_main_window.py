"""The frame: navigation, title row, status bar, toasts, drops, themes, closing."""

from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget

from engine.store import Level, RunStatus, add_event, claim_run, requeue_run, update_run
from studio import theme
from studio.main_window import MainWindow
from studio.widgets.close_question import CloseQuestion


@pytest.fixture
def window(context, qtbot, qapp):
    theme.apply_theme(qapp, "light")
    made = MainWindow(context)
    qtbot.addWidget(made, before_close_func=lambda one: one.close_quietly())
    made.show()
    qtbot.waitExposed(made)
    return made


def press(window, name, qtbot, kind=QPushButton):
    qtbot.mouseClick(window.findChild(kind, name), Qt.MouseButton.LeftButton)


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, copy, left = QPointF(300, 300), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.dropEvent(QDropEvent(at, copy, data, left, Qt.KeyboardModifier.NoModifier))


def test_it_opens_on_the_first_page(window):
    assert window.page.name == "home"
    assert window.findChild(QLabel, "page_title").text() == "Home"


def test_each_page_has_a_button_and_a_key(window, qtbot):
    names = [
        button.objectName() for button in window.navigation.findChildren(QToolButton) if button.isCheckable()
    ]
    assert names == ["navigate_home", "navigate_new_run", "navigate_run", "navigate_inspect"]
    press(window, "navigate_run", qtbot, QToolButton)
    assert window.focusWidget() is window.findChild(QToolButton, "navigate_run")
    window.navigate("inspect", {})
    assert window.focusWidget() is window.findChild(QToolButton, "navigate_inspect")
    window.navigate("run", {})
    assert window.page.name == "run"
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.page.name == "home")
    assert window.findChild(QToolButton, "navigate_home").isChecked()


def test_the_title_row_shows_the_actions_of_the_open_page(window, qtbot):
    assert window.findChild(QPushButton, "home_new_run").isVisible()
    window.navigate("run", {})
    assert window.findChild(QPushButton, "run_stop").isVisible()
    assert not window.findChild(QPushButton, "home_new_run").isVisible()


def test_a_page_that_is_not_there_yet_is_said_in_words(window):
    window.navigate("compare", {})
    assert "no page 'compare'" in window.toasts.cards()[0].sentence
    assert window.page.name == "home"


def test_pages_can_be_built_before_they_are_opened(window, qtbot):
    window.prepare_pages()
    qtbot.waitUntil(lambda: len(window.prepared) == 4)
    assert window.page.name == "home"


def test_what_a_page_is_made_of_is_built_before_it_is_opened(window, qtbot):
    window.prepare_pages()
    qtbot.waitUntil(lambda: "new_run" in window.prepared)
    page = window.prepared["new_run"]
    qtbot.waitUntil(lambda: page.findChild(QWidget, "field.training.epochs") is not None)
    assert not page.isVisible()


def test_the_status_bar_says_what_trains_and_leads_there(window, context, make_run, qtbot):
    assert window.status_bar.engine.text() == "Engine off"
    run = make_run("MAE clothing", RunStatus.RUNNING, step=420)
    context.watch.check()
    assert window.status_bar.engine.text() == "Training · MAE clothing · 42 %"
    press(window, "status_engine", qtbot)
    assert window.page.name == "run"
    assert window.page.run.id == run.id


def test_alarms_are_counted_and_lead_to_their_run(window, context, make_run, store, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    assert window.status_bar.alarms.text() == "No alarms"
    add_event(store, run.id, Level.ALARM, "Features collapse.")
    add_event(store, run.id, Level.WARNING, "Only a warning.")
    context.watch.check()
    assert window.status_bar.alarms.text() == "1 alarm"
    press(window, "status_alarms", qtbot)
    assert window.page.run.id == run.id
    assert window.page.tabs.currentIndex() == 1


def test_alarms_of_a_run_that_trained_before_the_window_opened_count(context, qtbot, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    add_event(store, run.id, Level.ALARM, "Features collapse.")
    context.watch.check()
    window = MainWindow(context)
    qtbot.addWidget(window, before_close_func=lambda one: one.close_quietly())
    assert window.status_bar.alarms.text() == "1 alarm"


def test_an_alarm_that_is_over_counts_no_more(window, context, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    for rule in ("one_point", "loader_bound"):
        add_event(store, run.id, Level.ALARM, f"Found by {rule}.", data={"rule": rule})
    context.watch.check()
    assert window.status_bar.alarms.text() == "2 alarms"
    add_event(store, run.id, Level.INFO, "No longer.", data={"recovered": "one_point"})
    context.watch.check()
    assert window.status_bar.alarms.text() == "1 alarm"


def test_a_failure_counts_until_somebody_looks_and_as_on_the_run_s_page(
    window, context, make_run, store, qtbot
):
    run = make_run(status=RunStatus.RUNNING, step=1)
    context.watch.check()
    window.navigate("run", {"run_id": run.id})
    update_run(store, run.id, status=RunStatus.FAILED, error="Killed.", pid=None)
    add_event(store, run.id, Level.ERROR, "Killed.")
    context.watch.check()
    assert window.status_bar.alarms.text() == "1 alarm"
    assert window.page.tabs.tabText(1) == "Alarms (1)"
    press(window, "status_alarms", qtbot)
    assert window.page.run.id == run.id
    context.watch.check()
    assert window.status_bar.alarms.text() == "No alarms"


def test_an_earlier_attempt_s_error_is_history_once_the_run_was_started_again(
    window, context, make_run, store
):
    run = make_run(status=RunStatus.RUNNING, step=1)
    add_event(store, run.id, Level.ERROR, "Killed.")
    update_run(store, run.id, status=RunStatus.FAILED, error="Killed.", pid=None)
    context.watch.check()
    window.navigate("run", {"run_id": run.id})
    assert window.page.tabs.tabText(1) == "Alarms (1)"
    requeue_run(store, run.id)
    claim_run(store, device="cpu", host="here", run_id=run.id)
    context.watch.check()
    assert window.status_bar.alarms.text() == "No alarms"
    assert window.page.tabs.tabText(1) == "Alarms"


def test_failures_from_before_the_window_opened_are_history(context, qtbot, make_run, store):
    run = make_run(status=RunStatus.RUNNING, step=1)
    add_event(store, run.id, Level.ERROR, "Killed.")
    update_run(store, run.id, status=RunStatus.FAILED, error="Killed.", pid=None)
    context.watch.check()
    window = MainWindow(context)
    qtbot.addWidget(window, before_close_func=lambda one: one.close_quietly())
    assert window.status_bar.alarms.text() == "No alarms"


def test_the_status_bar_says_how_busy_the_computer_is(window):
    assert "CPU" in window.status_bar.system.text()
    assert "GB" in window.status_bar.system.text()


def test_a_store_that_cannot_be_read_is_said_in_the_status_bar_and_in_news_until_it_can_be(window, context):
    context.watch.trouble.emit("The store is locked by another program.", "Close it.")
    assert "locked by another program" in window.status_bar.engine.text()
    [news] = window.toasts.cards()
    assert news.sentence == "The store is locked by another program. Close it."
    context.watch.recovered.emit()
    assert window.toasts.cards() == []
    assert window.status_bar.engine.text() == "Engine off"


def test_a_dropped_folder_opens_new_run_with_it(window, tmp_path):
    asked = []
    window.navigate = lambda page, arguments: asked.append((page, arguments))
    drop(window, tmp_path)
    assert asked == [("new_run", {"location": str(tmp_path)})]


def test_something_else_that_is_dropped_is_answered_in_words(window, tmp_path):
    picture = tmp_path / "cat.jpg"
    picture.write_bytes(b"")
    drop(window, picture)
    assert "Drop the folder" in window.toasts.cards()[0].sentence


def test_good_news_leaves_by_itself_and_bad_news_stays(window):
    window.toasts.show_toast("Saved.", "good")
    window.toasts.show_toast("The disk is full.", "bad")
    good, bad = window.toasts.cards()
    assert good.findChild(QTimer).isActive()
    assert not bad.findChild(QTimer).isActive()


def test_a_toast_does_what_its_button_says_and_goes(window, qtbot):
    done = []
    window.toasts.show_toast("Removed.", "info", ("Undo", lambda: done.append("undone")))
    press(window, "toast_action", qtbot)
    assert done == ["undone"]
    assert window.toasts.cards() == []


def test_several_toasts_are_shown_whole_one_above_the_other(window, qtbot):
    window.toasts.show_toast("Removed.", "info", ("Undo", lambda: None))
    window.toasts.show_toast(
        "A sentence that needs two lines because it says so much about a recipe file.", "good"
    )
    window.toasts.show_toast("The disk is full.", "bad", ("Open log", lambda: None))
    QApplication.processEvents()
    cards = window.toasts.cards()
    for card in cards:
        for part in (*card.findChildren(QLabel), *card.findChildren(QPushButton)):
            assert card.rect().contains(part.geometry()), card.sentence
            assert part.height() >= min(part.minimumSizeHint().height(), part.sizeHint().height()), (
                card.sentence
            )
        button, label = card.findChild(QPushButton), card.findChild(QLabel, "toast_sentence")
        assert button is None or not button.geometry().intersects(label.geometry())
    assert all(upper.geometry().bottom() < lower.geometry().top() for upper, lower in pairwise(cards))


def test_toasts_lie_inside_the_window_whatever_their_length(window):
    window.toasts.show_toast("A long sentence about what went wrong and what to do about it. " * 6, "bad")
    QApplication.processEvents()
    area = window.toasts.geometry()
    assert window.toasts.parentWidget().rect().contains(area)
    label = window.toasts.cards()[0].findChild(QLabel, "toast_sentence")
    assert label.height() >= label.heightForWidth(label.width())


def test_the_chosen_theme_is_put_on_and_remembered(window, context, qapp):
    window.choose_theme("dark")
    assert theme.is_dark()
    assert context.preferences.text("theme") == "dark"
    picture = window.grab().toImage()
    assert picture.pixelColor(picture.width() - 40, picture.height() // 2).lightness() < 60
    window.choose_theme("light")
    assert not theme.is_dark()


@pytest.fixture
def training_window(window, context, make_run, qtbot):
    make_run("MAE clothing", RunStatus.RUNNING, step=420)
    context.supervisor.start()
    qtbot.waitUntil(lambda: context.supervisor.holds_engine)
    yield window
    context.supervisor.stop(runs="keep", timeout=5)


def answer(window, name, seen):
    def click():
        question = window.findChild(CloseQuestion)
        if question is None:
            QTimer.singleShot(20, window, click)
            return
        seen.append(question.text())
        next(button for button in question.buttons() if button.objectName() == name).click()

    QTimer.singleShot(0, window, click)


def test_closing_while_a_run_trains_asks_and_cancel_stays(training_window):
    seen = []
    answer(training_window, "close_cancel", seen)
    assert not training_window.close()
    assert seen == ["'MAE clothing' is training."]
    assert training_window.isVisible()


def test_closing_can_leave_the_run_training(training_window, context):
    answer(training_window, "close_keep", [])
    assert training_window.close()
    assert not context.supervisor.is_running


def test_closing_without_a_training_run_asks_nothing(window, context):
    assert window.close()


def test_a_second_studio_on_the_same_store_is_said_in_words(window, context, store, qtbot):
    from engine.supervisor import Supervisor

    first = Supervisor(store.url)
    first.start()
    qtbot.waitUntil(lambda: first.holds_engine)
    context.supervisor.start()
    qtbot.waitUntil(
        lambda: "already runs the training of this store" in window.status_bar.engine.text(), timeout=8000
    )
    context.supervisor.stop(timeout=5)
    first.stop(timeout=5)


def test_the_size_of_the_window_is_remembered(window, context, qtbot):
    window.resize(760, 520)
    window.close()
    again = MainWindow(context)
    qtbot.addWidget(again, before_close_func=lambda one: one.close_quietly())
    assert (again.width(), again.height()) == (760, 520)


def test_a_path_that_is_a_list_of_pictures_is_taken_too(window, tmp_path):
    asked = []
    window.navigate = lambda page, arguments: asked.append(arguments["location"])
    window.take_dropped([Path(tmp_path / "list.csv")])
    assert asked == [str(tmp_path / "list.csv")]


def test_drags_over_the_window_are_accepted(window):
    from PySide6.QtGui import QDragEnterEvent

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/tmp")])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    event = QDragEnterEvent(QPoint(5, 5), copy, data, left, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    window.dragEnterEvent(event)
    assert event.isAccepted()
