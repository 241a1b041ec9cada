"""At 1024 x 700, and at 200 % on a screen of 1440 x 900, everything can be reached and nothing is cut."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QTableWidget, QWidget

from engine.store import RunStatus, update_run
from studio.main_window import MainWindow
from studio.pages.run_page import RunPage
from studio.viewers.picture_grid import LEAST_SIDE, WHOLE_ROWS_WORTH, PictureGrid

SIZES = [(1024, 700), (720, 441), (640, 400)]
LONG = ["W" * 300, "🦊" * 300, "שלום " * 60, "a" * 150 + " " + "b" * 149]
PRIMARY = {
    "home": ["home_new_run"],
    "new_run": ["run_name", "add_to_queue", "start_run"],
    "run": ["run_chooser", "run_stop", "run_more"],
    "inspect": ["inspect_no_runs_action"],
}


@pytest.fixture
def window(context, qtbot):
    made = MainWindow(context)
    qtbot.addWidget(made, before_close_func=lambda one: one.close_quietly())
    made.show()
    qtbot.waitExposed(made)
    return made


def place_of(widget, window):
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def settle(window, size):
    window.resize(*size)
    for _ in range(4):
        QApplication.processEvents()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", PRIMARY)
def test_what_a_page_is_for_is_in_sight_without_scrolling(window, page, size):
    window.navigate(page, {})
    settle(window, size)
    assert (window.width(), window.height()) == size
    assert window.rect().contains(place_of(window.status_bar, window))
    for name in PRIMARY[page]:
        control = window.findChild(QWidget, name)
        if control.isVisibleTo(window):
            seen = control.visibleRegion().boundingRect()
            assert seen == control.rect(), (name, seen)


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("page", ["home", "run", "inspect", "new_run"])
def test_a_name_however_long_pushes_nothing_out_of_the_window(
    window, context, make_run, add_points, page, name
):
    runs = [make_run(name, status, step=4) for status in (RunStatus.RUNNING, RunStatus.FINISHED)]
    runs += [make_run(name), make_run(name, RunStatus.FAILED, step=4)]
    update_run(context.store, runs[-1].id, error=f"{name} is gone.", error_fix=f"Find {name}.")
    for run in runs[:2]:
        add_points(run, "loss", {0: 1.0, 1: 0.5})
    context.watch.check()
    window.navigate(page, {"run_id": runs[-1].id} if page in ("run", "inspect") else {})
    settle(window, (1024, 700))
    assert window.centralWidget().minimumSizeHint().width() <= 1024
    for area in window.findChildren(QScrollArea):
        if area.isVisible():
            content = area.widget().minimumSizeHint().width()
            assert content <= area.viewport().width(), area.objectName()
    window.toasts.show_toast(f"'{name}' is gone.", "bad")
    label = window.toasts.findChild(QLabel, "toast_sentence")
    assert label.minimumSizeHint().width() <= label.width()


def test_home_puts_the_ways_to_begin_below_the_runs_where_there_is_no_room_beside_them(window):
    panel, empty = (window.findChild(QWidget, name) for name in ("start_panel", "home_empty"))
    settle(window, (1280, 840))
    assert place_of(panel, window).left() > place_of(empty, window).right()
    settle(window, (720, 441))
    assert place_of(panel, window).top() > place_of(empty, window).bottom()


def test_new_run_shows_one_column_at_a_time_in_a_narrow_window(window):
    window.navigate("new_run", {})
    settle(window, (720, 441))
    page = window.page
    panels = [page.source, page.settings, page.outcome.preview]
    for place in range(3):
        page.columns.reveal(place)
        assert [panel.isVisible() for panel in panels] == [number == place for number in range(3)]
        assert page.outcome.start.isVisible()
    page._on_show("training.epochs")
    assert page.settings.isVisible()
    settle(window, (1280, 840))
    assert all(panel.isVisible() for panel in panels)


def test_the_run_page_makes_the_charts_a_tab_in_a_narrow_window(context, qtbot, make_run, add_points):
    run = make_run(status=RunStatus.FINISHED, step=1)
    add_points(run, "loss", {0: 1.0, 1: 0.5})
    context.watch.check()
    page = RunPage(context)
    qtbot.addWidget(page)
    page.resize(560, 360)
    page.show()
    page.show_with(run_id=run.id)
    assert page.tabs.tabText(0) == "Charts"
    assert page.charts.isVisible()
    page.show_with(run_id=run.id, show="alarms")
    assert page.alarms.isVisible()
    page.show_with(run_id=run.id, show="system")
    assert page.charts.isVisible()
    page.resize(1100, 700)
    assert page.charts.isVisible()
    assert page.alarms.isVisible() or page.log.isVisible()
    assert page.tabs.tabText(0) == "Log"


@pytest.mark.parametrize("name", ["short", "W" * 300])
@pytest.mark.parametrize("width", [430, 560, 900])
def test_no_value_of_a_run_is_cut(context, qtbot, make_run, add_points, width, name):
    run = make_run(name, RunStatus.RUNNING, step=1)
    for metric in ("loss", "knn", "images_per_second", "lr"):
        add_points(run, metric, {0: 0.123456, 1: 0.123456})
    context.watch.check()
    page = RunPage(context)
    qtbot.addWidget(page)
    page.resize(width, 360)
    page.show()
    page.show_with(run_id=run.id)
    for _ in range(4):
        QApplication.processEvents()
    tiles = [tile for tile in page.header.tiles.tiles.values() if tile.isVisible()]
    assert tiles
    for tile in tiles:
        assert tile.width() >= tile.sizeHint().width()
        assert tile.visibleRegion().boundingRect() == tile.rect()
    assert page.header.badge.visibleRegion().boundingRect() == page.header.badge.rect()


@pytest.mark.parametrize("width", [300, 560, 896])
def test_pictures_stay_large_enough_to_be_read_however_low_the_window_is(qtbot, width):
    area = QScrollArea()
    area.setWidgetResizable(True)
    grid = PictureGrid()
    area.setWidget(grid)
    qtbot.addWidget(area)
    area.resize(width, 120)
    area.show()
    picture = QImage(np.zeros((64, 64, 3), np.uint8).data, 64, 64, 192, QImage.Format.Format_RGB888)
    names = [f"head_{number}" for number in range(9)]
    grid.show_images(dict.fromkeys(names, picture), {}, names)
    QApplication.processEvents()
    for panel in grid.panels.values():
        assert min(panel.view.width(), panel.view.height()) >= WHOLE_ROWS_WORTH * LEAST_SIDE


def test_the_window_is_never_larger_than_the_screen(context, qtbot, monkeypatch):
    room = QGuiApplication.primaryScreen().availableSize()
    window = MainWindow(context)
    qtbot.addWidget(window, before_close_func=lambda one: one.close_quietly())
    assert window.minimumWidth() <= room.width()
    assert window.height() <= room.height()


def test_the_table_of_recent_runs_keeps_names_on_one_line(window, context, make_run):
    make_run("W" * 300, RunStatus.FINISHED, step=1)
    context.watch.check()
    table = window.findChild(QTableWidget, "recent_table")
    assert not table.wordWrap()
    assert table.item(0, 0).toolTip() == "W" * 300
