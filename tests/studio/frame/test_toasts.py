"""News lies where nothing is clicked, swallows no click, and stays as long as it is needed."""

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from studio.main_window import MainWindow
from studio.widgets import toast_card
from studio.widgets.free_place import free_place
from studio.widgets.toasts import MOST, Toasts

SENTENCE = "'MAE on my pictures' is in the queue; it starts when the device is free."
PRIMARY = {
    "home": ("home_new_run",),
    "new_run": ("run_name", "add_to_queue", "start_run"),
    "run": ("run_stop", "run_more", "run_chooser"),
    "inspect": (),
}


@pytest.fixture
def window(context, qtbot):
    made = MainWindow(context)
    qtbot.addWidget(made, before_close_func=lambda one: one.close_quietly())
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def toasts(qtbot):
    """Toasts over a widget that one big button fills, so that they must lie on it."""
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(500, 400)
    below = QPushButton("Below", over)
    below.setGeometry(0, 0, 500, 400)
    below.pressed.connect(lambda: made.pressed.append(1))
    over.show()
    qtbot.waitExposed(over)
    made = Toasts(over)
    made.pressed = []
    return made


def click_on(toasts, point):
    window = toasts.window()
    QTest.mouseClick(
        window.windowHandle(), Qt.MouseButton.LeftButton, pos=toasts.mapTo(window, QPoint(point))
    )


@pytest.mark.parametrize("size", [(1280, 840), (1024, 700), (720, 441)])
@pytest.mark.parametrize("page", PRIMARY)
def test_no_news_covers_what_a_page_is_for(window, make_run, context, page, size):
    make_run("one")
    context.watch.check()
    window.resize(*size)
    window.navigate(page, {})
    QApplication.processEvents()
    window.toasts.show_toast(SENTENCE, "good", ("Show run", lambda: None))
    place = QRect(window.toasts.mapTo(window, QPoint(0, 0)), window.toasts.size())
    assert window.rect().contains(place)
    for name in PRIMARY[page]:
        control = window.findChild(QWidget, name)
        if control.isVisible():
            assert not place.intersects(QRect(control.mapTo(window, QPoint(0, 0)), control.size())), name


def test_a_click_on_news_sends_it_away_and_reaches_what_lies_below(toasts):
    toasts.show_toast(SENTENCE, "bad")
    click_on(toasts, toasts.rect().center())
    assert toasts.cards() == []
    assert toasts.pressed == [1]


def test_a_click_on_a_button_of_news_is_for_that_button_alone(toasts):
    done = []
    toasts.show_toast(SENTENCE, "info", ("Undo", lambda: done.append(1)))
    button = toasts.findChild(QPushButton, "toast_action")
    QApplication.processEvents()
    click_on(toasts, button.mapTo(toasts, button.rect().center()))
    assert (done, toasts.pressed) == ([1], [])


def test_escape_sends_the_newest_away(window, qtbot):
    for level in ("bad", "warn"):
        window.toasts.show_toast(f"It is {level}.", level)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: [card.level for card in window.toasts.cards()] == ["bad"])
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.toasts.isVisible())


def test_news_waits_while_the_pointer_rests_on_it(toasts, qtbot, monkeypatch):
    monkeypatch.setattr(toast_card, "SHOWN_MILLISECONDS", 60)
    monkeypatch.setattr(toast_card, "AFTER_HOVER_MILLISECONDS", 60)
    toasts.show_toast("Saved.", "good")
    card = toasts.cards()[0]
    window = toasts.window().windowHandle()
    QTest.mouseMove(window, toasts.mapTo(toasts.window(), card.geometry().center()))
    qtbot.wait(150)
    assert toasts.cards() == [card]
    QTest.mouseMove(window, QPoint(2, 2))
    qtbot.waitUntil(lambda: toasts.cards() == [])


def test_what_goes_on_is_told_until_it_is_over(window, context, qtbot):
    window.toasts.show_toast("Writing.", "busy")
    for number in range(MOST + 1):
        window.toasts.show_toast(f"News {number}.", "good")
    assert window.toasts.cards()[0].sentence == "Writing."
    assert len(window.toasts.cards()) == MOST
    context.exporter.finished.emit("The encoder is in /there.", "/there")
    assert "Writing." not in [card.sentence for card in window.toasts.cards()]


def test_a_question_ends_the_work_and_the_end_of_long_work_stays(window, context, qtbot, monkeypatch):
    monkeypatch.setattr(toast_card, "SHOWN_MILLISECONDS", 20)
    window.toasts.show_toast("Writing.", "busy")
    context.exporter.in_the_way.emit("There is README.md in /data already.")
    assert window.toasts.cards() == []
    window.toasts.show_toast("The encoder is in /there.", "done")
    qtbot.wait(100)
    assert [card.sentence for card in window.toasts.cards()] == ["The encoder is in /there."]


def test_news_can_be_copied(toasts, qtbot):
    toasts.show_toast(SENTENCE, "bad")
    toasts.cards()[0].copy()
    assert QGuiApplication.clipboard().text() == SENTENCE


def test_a_free_place_is_taken_and_the_least_bad_where_there_is_none():
    room, size = QRect(0, 0, 400, 300), QSize(100, 60)
    assert free_place(room, size, []) == QPoint(300, 240)
    lower = (QRect(0, 200, 400, 100), 1.0)
    place = free_place(room, size, [lower])
    assert not QRect(place, size).intersects(lower[0])
    everywhere = (QRect(0, 0, 400, 300), 1.0)
    assert room.contains(QRect(free_place(room, size, [everywhere, lower]), size))
    assert free_place(QRect(0, 0, 50, 50), size, []) == QPoint(-50, -10)
