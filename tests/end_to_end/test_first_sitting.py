"""A first sitting, by pointing and clicking: built-in data, Start, watch, pause, resume, stop, look inside.

The engine thread, the worker process and the inspector process are the real ones.
"""

import time

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from engine.store import RunStatus, get_run, list_runs
from studio.main_window import MainWindow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
LONG = 180_000


@pytest.fixture
def window(context, qtbot):
    made = MainWindow(context)
    qtbot.addWidget(made, before_close_func=lambda one: one.close_quietly())
    made.resize(1280, 840)
    made.show()
    context.watch.start()
    context.supervisor.start()
    yield made
    context.supervisor.stop(runs="pause", timeout=60)


def press(window, name, qtbot):
    button = window.findChild(QPushButton, name)
    qtbot.waitUntil(button.isEnabled, timeout=LONG)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def is_over(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def is_now(store, run_id, *statuses):
    return lambda: get_run(store, run_id).status in statuses


def test_a_first_sitting(window, store, qtbot):
    press(window, "try_button", qtbot)
    assert window.page.name == "new_run"
    press(window, "start_run", qtbot)
    pressed = time.monotonic()

    qtbot.waitUntil(lambda: bool(list_runs(store)), timeout=LONG)
    run = list_runs(store)[0]
    qtbot.waitUntil(lambda: window.page.name == "run", timeout=LONG)
    page = window.page
    qtbot.waitUntil(
        lambda: (
            "loss_chart" in page.charts.charts
            and len(page.charts.charts["loss_chart"].lines["loss"].steps) > 0
        ),
        timeout=LONG,
    )
    print(f"first loss point on the plot {time.monotonic() - pressed:.1f} s after Start")
    assert page.header.badge.text == "Training"
    assert "Training" in window.status_bar.engine.text()

    press(window, "run_pause", qtbot)
    qtbot.waitUntil(is_now(store, run.id, RunStatus.PAUSED), timeout=LONG)
    qtbot.waitUntil(lambda: page.header.badge.text == "Paused")
    stood = get_run(store, run.id).step
    press(window, "run_resume", qtbot)
    qtbot.waitUntil(lambda: get_run(store, run.id).step > stood, timeout=LONG)

    worker = get_run(store, run.id).pid
    press(window, "run_stop", qtbot)
    qtbot.waitUntil(is_now(store, run.id, RunStatus.STOPPED), timeout=LONG)
    qtbot.waitUntil(lambda: page.header.badge.text == "Stopped")

    window.navigate("inspect", {"run_id": run.id})
    viewer = window.page.look.viewer
    qtbot.waitUntil(lambda: bool(viewer.grid.panels), timeout=LONG)
    assert list(viewer.grid.panels) == ["original", "masked", "predicted", "pasted"]
    # The row says "stopped" before the worker's process has ended.
    qtbot.waitUntil(lambda: is_over(worker), timeout=LONG)
    assert all(not panel.view.image.isNull() for panel in viewer.grid.panels.values())
