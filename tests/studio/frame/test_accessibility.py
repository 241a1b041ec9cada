"""Every page in both themes: each thing a person can reach has a name, and no word is cut off."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QLabel, QScrollBar, QWidget

from engine.store import Level, RunStatus, add_event, update_run
from studio import theme
from studio.main_window import MainWindow

PAGES = ("home", "new_run", "run", "inspect")


@pytest.fixture
def full_window(context, qtbot, qapp, make_run, add_points, store):
    """A window over a store in which every card has something to show."""
    make_run("MAE shapes, first try", RunStatus.FINISHED)
    failed = make_run("MAE clothing, batch 512", RunStatus.RUNNING, step=10)
    update_run(
        store, failed.id, status=RunStatus.FAILED, error="The disk is full.", error_fix="Free some space."
    )
    training = make_run("MAE clothing", RunStatus.RUNNING, step=420)
    for name in ("loss", "lr", "knn", "images_per_second", "system/cpu"):
        add_points(training, name, {step: 1 / (step + 1) for step in range(50)})
    add_event(
        store, training.id, Level.ALARM, "Features collapse.", step=3, detail="Lower the learning rate."
    )
    knob = {
        "setting": "training.base_lr",
        "advice": "Set the base learning rate from 10 to 0.004 (ours: a small network bears a high rate).",
        "value": 0.004,
    }
    found = {
        "rule": "one_point",
        "title": "Collapse",
        "causes": ["The learning rate is too high."],
        "knob": knob,
    }
    add_event(store, training.id, Level.ALARM, "All pictures get the same features.", step=9, data=found)
    make_run("MAE clothing, mask 0.6")
    context.watch.check()
    window = MainWindow(context)
    qtbot.addWidget(window, before_close_func=lambda one: one.close_quietly())
    window.resize(1280, 840)
    window.show()
    qtbot.waitExposed(window)
    yield window
    theme.apply_theme(qapp, "light")


def reachable(root):
    """Visible widgets that take the keyboard, and buttons."""
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and not isinstance(widget, QScrollBar):
            takes_keys = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if takes_keys or isinstance(widget, QAbstractButton | QAbstractSlider):
                yield widget


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("look", ["light", "dark"])
def test_everything_that_can_be_reached_has_a_name(full_window, qapp, page, look):
    theme.apply_theme(qapp, look)
    full_window.navigate(page, {})
    QApplication.processEvents()
    nameless = []
    for widget in reachable(full_window):
        seen = QAccessible.queryAccessibleInterface(widget)
        if seen is not None and not seen.text(QAccessible.Text.Name).strip() and not _is_inner(widget):
            nameless.append(f"{type(widget).__name__} {widget.objectName()} in {widget.parent()}")
    assert nameless == []


@pytest.mark.parametrize("page", PAGES)
def test_every_button_can_be_reached_by_the_keyboard(full_window, page):
    full_window.navigate(page, {})
    QApplication.processEvents()
    buttons = [
        one for one in full_window.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()
    ]
    deaf = [
        one.objectName()
        for one in buttons
        if one.focusPolicy() == Qt.FocusPolicy.NoFocus and not _is_inner(one)
    ]
    assert deaf == []


@pytest.mark.parametrize("page", ["home", "run"])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_no_word_of_a_label_or_button_is_cut_off(full_window, qapp, page, scale):
    before = qapp.styleSheet()
    for pixels in (12, 13, 15, 20):
        qapp.setStyleSheet(
            qapp.styleSheet().replace(f"font-size: {pixels}px", f"font-size: {round(pixels * scale)}px")
        )
    full_window.resize(round(1280 * scale), round(840 * scale))
    full_window.navigate(page, {})
    QApplication.processEvents()
    cut = [_said(one) for one in full_window.page.findChildren(QLabel) if one.isVisible() and _is_cut(one)]
    cut += [
        _said(one)
        for one in full_window.page.findChildren(QAbstractButton)
        if one.isVisible() and _is_narrow(one)
    ]
    qapp.setStyleSheet(before)
    assert cut == []


def _said(widget):
    return f"{widget.objectName()}: {widget.text()}"


def _is_cut(label):
    if not label.text():
        return False
    if label.wordWrap():
        return label.height() + 1 < label.heightForWidth(label.width())
    return label.width() + 1 < label.fontMetrics().horizontalAdvance(label.text())


def _is_narrow(button):
    return bool(button.text()) and button.width() + 1 < button.minimumSizeHint().width()


def _is_inner(widget):
    """Parts that Qt makes inside its own widgets are named by the widget they belong to."""
    return widget.objectName().startswith("qt_") or type(widget.parent()).__name__ in (
        "QTabBar", "QLineEdit", "QComboBox", "QTableView", "QTableWidget", "QAbstractSpinBox", "QSpinBox",
        "QDoubleSpinBox", "QListView", "QListWidget",
    )  # fmt: skip
