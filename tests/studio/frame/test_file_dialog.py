"""The dialog for files, and what it must not do to a store that is open."""

import ast
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

import studio
from studio.widgets.file_dialog import FileDialog, ask_file, ask_folder, ask_new_file
from tests.engine.store.test_hold import locks_of


def answer(choose):
    """Do something with the dialog that is about to open, and end it whatever comes."""

    def act():
        dialog = QApplication.activeModalWidget()
        QTimer.singleShot(3000, dialog, dialog.reject)
        choose(dialog)

    QTimer.singleShot(50, act)


def type_name(dialog, name):
    """Write a name and press the button, as a person does."""
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(name))
    dialog.accept()


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.mark.skipif(not os.path.exists("/proc/locks"), reason="this system does not tell of locks")
def test_a_look_at_the_folder_of_the_store_keeps_its_locks(store, window, qtbot):
    before = locks_of(store.path)
    assert before
    dialog = FileDialog(window, "Folder", "test", str(store.path.parent))
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.show()
    seen = dialog.findChildren(object, "treeView")
    assert seen
    qtbot.waitUntil(lambda: seen[0].model().rowCount(seen[0].rootIndex()) > 0, timeout=5000)
    qtbot.wait(700)  # a thread of the dialog looks for icons
    assert locks_of(store.path) == before
    dialog.close()
    dialog.deleteLater()


def test_a_folder_is_asked_for_and_remembered(window, tmp_path):
    (tmp_path / "birds").mkdir()
    answer(lambda dialog: type_name(dialog, tmp_path / "birds"))
    assert ask_folder(window, "Pictures", "pictures", str(tmp_path)) == str(tmp_path / "birds")
    opened = []
    answer(lambda dialog: (opened.append(dialog.directory().absolutePath()), dialog.reject()))
    assert ask_folder(window, "Pictures", "pictures") == ""
    assert opened == [str(tmp_path)]


def test_a_file_is_asked_for(window, tmp_path):
    (tmp_path / "a.csv").touch()
    answer(lambda dialog: type_name(dialog, tmp_path / "a.csv"))
    assert ask_file(window, "List", "list", "Lists (*.csv);;All files (*)") == str(tmp_path / "a.csv")


def test_a_new_file_gets_the_ending_of_its_kind(window, tmp_path):
    def choose(dialog):
        dialog.selectNameFilter("NumPy (*.npy)")
        dialog.filterSelected.emit("NumPy (*.npy)")
        type_name(dialog, "vectors")

    answer(choose)
    kinds = "Parquet (*.parquet);;NumPy (*.npy)"
    asked = ask_new_file(window, "Save", "embeddings", str(tmp_path / "a.parquet"), kinds)
    assert asked == str(tmp_path / "vectors.npy")


def test_the_dialog_has_names_and_places(window):
    dialog = FileDialog(window, "Choose a folder", "pictures")
    assert (dialog.objectName(), dialog.accessibleName()) == ("file_dialog_pictures", "Choose a folder")
    assert dialog.sidebarUrls()
    dialog.deleteLater()


def test_nothing_else_opens_a_file_dialog():
    root = Path(studio.__file__).parent
    users = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom | ast.Attribute | ast.Name) and "QFileDialog" in ast.dump(node)
    }
    assert users == {"widgets/file_dialog.py"}
