"""Choosing pictures, with the real scanner."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton

from engine.store import list_datasets
from studio.pages.new_run.source_panel import SourcePanel

LONG = 60_000


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "leaves"
    place.mkdir()
    rng = np.random.default_rng(0)
    for number in range(5):
        Image.fromarray(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)).save(place / f"{number}.png")
    return place


@pytest.fixture
def panel(context, qtbot, monkeypatch):
    # Thumbnails come from a process with torch in it; these tests are about the scan.
    monkeypatch.setattr(context.inspector, "request", lambda lane, op, on_reply, **arguments: 0)
    made = SourcePanel(context)
    qtbot.addWidget(made)
    made.show()
    return made


def wait_for(qtbot, panel, state):
    qtbot.waitUntil(lambda: panel.card.state == state, timeout=LONG)


def test_a_folder_is_scanned_once_and_known_the_next_time(panel, store, folder, qtbot):
    panel.choose(str(folder))
    wait_for(qtbot, panel, "ready")
    assert panel.dataset.num_pictures == 5
    assert panel.location == str(folder)
    panel.choose(str(folder))
    assert panel.card.state == "ready"
    assert panel.picker.recent.currentData() == str(folder)
    assert len(list_datasets(store)) == 1


def test_while_a_place_is_scanned_no_other_is_shown_as_chosen(panel, folder, qtbot, tmp_path):
    panel.choose(str(folder))
    wait_for(qtbot, panel, "ready")
    folder.rename(tmp_path / "others")
    panel.choose(str(tmp_path / "others"))
    assert panel.card.state == "scanning"
    assert panel.picker.recent.currentData() == ""
    wait_for(qtbot, panel, "ready")
    assert panel.picker.recent.currentData() == str(tmp_path / "others")


def test_another_colour_is_another_scan(panel, folder, qtbot):
    panel.choose(str(folder))
    wait_for(qtbot, panel, "ready")
    panel.read_as("auto", 1)
    assert panel.card.state == "scanning"
    assert panel.dataset is None
    wait_for(qtbot, panel, "ready")
    assert panel.dataset.channels == 1


def test_a_scan_can_be_cancelled(panel, store, folder, qtbot):
    panel.choose(str(folder))
    qtbot.mouseClick(panel.findChild(QPushButton, "scan_cancel"), Qt.MouseButton.LeftButton)
    assert panel.card.state == "empty"
    assert panel.location == ""
    qtbot.wait(200)
    assert panel.dataset is None


def test_a_failed_scan_is_a_sentence_and_can_be_tried_again(panel, folder, qtbot):
    away = folder.with_name("away")
    folder.rename(away)
    panel.choose(str(folder))
    wait_for(qtbot, panel, "failed")
    assert "There is no folder" in panel.card._fail_sentence.text()
    away.rename(folder)
    qtbot.mouseClick(panel.findChild(QPushButton, "scan_again_failed"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, panel, "ready")


def test_a_second_scan_shows_that_the_folder_has_changed(panel, folder, qtbot):
    panel.choose(str(folder))
    wait_for(qtbot, panel, "ready")
    before = panel.dataset.fingerprint
    (folder / "4.png").unlink()
    qtbot.mouseClick(panel.findChild(QPushButton, "scan_again"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, panel, "ready")
    assert panel.dataset.num_pictures == 4
    assert panel.dataset.fingerprint != before


def test_what_was_left_out_is_seen_on_the_card_and_in_its_list(panel, folder, qtbot):
    (folder / "phone.heic").write_bytes(b"x")
    panel.choose(str(folder))
    wait_for(qtbot, panel, "ready")
    shown = {
        name: panel.findChild(QLabel, name).text()
        for name in ("dataset_warnings", "dataset_files", "health_line")
    }
    assert "a picture format that is not read: 1 heic (phone.heic)" in shown["dataset_warnings"]
    assert shown["dataset_files"] == "5 of 6 files are taken"
    assert shown["health_line"] == "Health: 1 warning"
    assert "phone.heic" in panel.findChild(QPlainTextEdit, "health_problems").toPlainText()
