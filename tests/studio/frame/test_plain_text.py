"""Names, paths and errors are text on every page: nothing in them is read as markup, and nothing hides."""

import html
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent, QImage
from PySide6.QtGui import Qt as QtGuiNames
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QToolTip,
    QWidget,
)
from sqlalchemy import text as sql

from engine.printable import is_printable
from engine.store import Level, RunStatus, add_event, save_dataset, update_run
from studio import wording
from studio.main_window import MainWindow
from studio.viewers.picture_strip import PictureStrip
from studio.viewers.thumbnail_wall import ThumbnailWall
from studio.widgets.close_question import CloseQuestion
from studio.widgets.labels import ElidedLabel, PlainLabel
from studio.widgets.plain_text import button_text, tip_of, with_breaks, without_breaks
from studio.widgets.store_question import StoreQuestion

STUDIO = Path(__file__).parents[3] / "studio"
HOSTILE = "<b>x</b> <img src='/etc/passwd'> &File [*] \x1b[31m\x07\r\x9b\u202eevil"
MARKUP = ("<b>", "<img", "<i>")


def test_tips_and_labels_are_made_in_one_place_each():
    for verb in (".setToolTip(", "QToolTip.showText("):
        tips = {path.name for path in STUDIO.rglob("*.py") if verb in path.read_text(encoding="utf-8")}
        assert tips == {"plain_text.py"}
    labels = {
        path.name
        for path in STUDIO.rglob("*.py")
        if re.search(r"(?<![A-Za-z])QLabel\((?!\))", path.read_text(encoding="utf-8"))
    }
    assert labels <= {"labels.py", "icon_label.py"}


@pytest.fixture
def hostile_window(context, store, make_run, add_points, qtbot):
    """A window on a store whose names were written by somebody else."""
    runs = [
        make_run("running", RunStatus.RUNNING, step=4),
        make_run("failed", RunStatus.FAILED, step=4),
        make_run("finished", RunStatus.FINISHED, step=4),
        make_run("queued"),
    ]
    update_run(store, runs[1].id, error=f"The file {HOSTILE} is gone.", error_fix=f"Find {HOSTILE}.")
    for run in runs[:3]:
        add_points(run, "loss", {0: 1.0, 1: 0.5})
        add_event(store, run.id, Level.ALARM, f"Alarm of {HOSTILE}.", detail=HOSTILE)
    save_dataset(
        store,
        name=HOSTILE,
        location=f"/data/{HOSTILE}",
        kind="folder",
        fingerprint="f",
        channels=3,
        num_pictures=10,
        classes=[HOSTILE],
        splits={"train": 10},
        mean=[0.5],
        std=[0.5],
        health={},
    )
    with store.begin() as connection:
        connection.execute(sql("UPDATE run SET name = :name, note = :name, host = :name"), {"name": HOSTILE})
    context.watch.check()
    window = MainWindow(context)
    qtbot.addWidget(window, before_close_func=lambda one: one.close_quietly())
    window.resize(1280, 840)
    window.show()
    window.navigate("run", {"run_id": runs[1].id})
    window.navigate("new_run", {})
    window.navigate("inspect", {"run_id": runs[2].id})
    window.navigate("home", {})
    window.toasts.show_toast(HOSTILE, "bad")
    window.status_bar.refresh()
    return window


def words_of(widget):
    """Everything that a widget says, by where it says it."""
    said = {"tip": widget.toolTip(), "name": widget.accessibleName(), "about": widget.accessibleDescription()}
    said["title"] = widget.windowTitle()
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        said["text"] = widget.text()
    if isinstance(widget, QPlainTextEdit):
        said["lines"] = widget.toPlainText()
    model = widget.model() if isinstance(widget, QAbstractItemView | QComboBox) else None
    if isinstance(model, QAbstractItemModel):
        for row in range(model.rowCount()):
            # Qt keeps the columns of a list to itself: it has one.
            for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
                index = model.index(row, column)
                said[f"cell {row} {column}"] = str(index.data() or "")
                said[f"tip {row} {column}"] = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
    return said


def test_no_page_reads_a_name_as_markup_or_lets_it_hide_anything(hostile_window):
    seen = 0
    for widget in (hostile_window, *hostile_window.findChildren(QWidget)):
        where = f"{type(widget).__name__} {widget.objectName()}"
        for place, said in words_of(widget).items():
            seen += "img src" in said
            hidden = [sign for sign in said if not is_printable(sign) and sign not in "\n\t"]
            assert not hidden, f"{where} {place}: {said!r}"
            if place.startswith("tip") and QtGuiNames.mightBeRichText(said):
                assert not any(mark in said for mark in MARKUP), f"{where} {place}: {said!r}"
        if isinstance(widget, QLabel) and "img src" in widget.text():
            assert widget.textFormat() is Qt.TextFormat.PlainText, where
        if isinstance(widget, QAbstractButton):
            assert not re.search(r"(?<!&)&(?!&)File", widget.text()), where
    assert seen > 20


def test_names_of_picture_files_are_text_in_the_strip_and_on_the_wall(qtbot, monkeypatch):
    strip, wall = PictureStrip("Pictures"), ThumbnailWall("Pictures")
    picture = QImage(8, 8, QImage.Format.Format_RGB888)
    picture.fill(0)
    for widget in (strip, wall):
        qtbot.addWidget(widget)
        widget.resize(400, 200)
        widget.show()
    strip.show_pictures([0], [picture], [HOSTILE])
    said = words_of(strip)
    assert said["tip 0 0"] == tip_of(HOSTILE)
    item = strip.model().index(0, 0)
    assert all(is_printable(sign) for sign in item.data(Qt.ItemDataRole.AccessibleTextRole))
    shown_tips = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, _widget: shown_tips.append(text))
    wall.show_pictures([picture], [HOSTILE])
    QApplication.sendEvent(
        wall, QHelpEvent(QEvent.Type.ToolTip, QPoint(4, 4), wall.mapToGlobal(QPoint(4, 4)))
    )
    assert shown_tips == [tip_of(HOSTILE)]
    wall.show_failed(f"{HOSTILE} is gone.")
    assert all(is_printable(sign) for sign in wall.accessibleDescription())


def test_a_suggested_file_name_is_one_on_any_system():
    assert wording.file_stem("../../etc/pass wd: *?") == "etc-pass-wd"
    assert wording.file_stem("<b>x</b>") == "b-x-b"
    assert len(wording.file_stem("W" * 300)) <= 60
    assert wording.file_stem("///", "recipe") == "recipe"


def test_a_tip_shows_markup_as_it_is_written():
    assert tip_of("two\nlines") == "two\nlines"
    assert tip_of("<b>x</b>\nof it") == f"<qt>{html.escape('<b>x</b>')}<br>of it</qt>"
    assert tip_of("a\x1b[31m") == "a\\x1b[31m"


def test_an_ampersand_is_no_shortcut():
    assert button_text("&File & more") == "&&File && more"


def test_questions_show_names_and_errors_as_they_are_written(qtbot):
    closing = CloseQuestion([HOSTILE])
    opening = StoreQuestion(f"{HOSTILE} cannot be opened.", f"Move {HOSTILE}.")
    for question in (closing, opening):
        qtbot.addWidget(question)
        assert question.textFormat() is Qt.TextFormat.PlainText
        assert not any(sign in question.text() for sign in "\x1b\x07\x9b\u202e")
    assert "&lt;b&gt;" in opening.informativeText()
    assert "<img" not in opening.informativeText()


def test_a_long_word_is_broken_where_it_is_shown_and_whole_where_it_is_copied(qtbot):
    path = "/" + "a" * 200
    label = PlainLabel(path)
    qtbot.addWidget(label)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    assert label.text() == path
    assert label.minimumSizeHint().width() < 250
    label.setSelection(0, len(with_breaks(path)))
    label._copy()
    assert QGuiApplication.clipboard().text() == path
    assert without_breaks(with_breaks("👩‍🔬" * 40)) == "👩‍🔬" * 40


def test_a_name_that_does_not_fit_is_elided_with_the_whole_in_its_tip(qtbot):
    label = ElidedLabel("W" * 300)
    qtbot.addWidget(label)
    label.resize(200, 20)
    label.show()
    assert label.is_elided
    assert label.toolTip() == "W" * 300
    assert label.minimumSizeHint().width() <= 96
    label.setText("short")
    assert not label.is_elided
    assert label.toolTip() == ""
    label.setText("two\nlines")
    assert label.text() == "two\\nlines"
