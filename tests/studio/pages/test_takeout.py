"""The encoder and the embeddings of a run, by the window."""

import pytest
from PySide6.QtCore import Qt

from engine.store import RunStatus
from studio.live.run_actions import Action
from studio.pages.run import takeout
from studio.pages.run.export_dialog import ExportDialog
from studio.pages.run_page import RunPage
from studio.widgets.replace_question import ReplaceQuestion


@pytest.fixture
def page(context, make_run, qtbot, monkeypatch):
    run = make_run("my run", RunStatus.FINISHED)
    made = RunPage(context)
    qtbot.addWidget(made)
    context.watch.check()
    made.show_with(run_id=run.id)
    made.asked = []
    monkeypatch.setattr(context.exporter, "export", lambda *what: made.asked.append(what) or True)
    monkeypatch.setattr(context.exporter, "embed", lambda *what: made.asked.append(what) or True)
    return made


def test_an_encoder_goes_where_and_as_the_dialog_says(page, context, tmp_path):
    page.controls.entries[Action.EXPORT].trigger()
    [dialog] = page.findChildren(ExportDialog)
    assert dialog.formats == ["timm"]
    assert dialog.place.path().endswith(f"my-run-{page.run.id}")
    dialog.boxes["onnx"].setChecked(True)
    dialog.place.set_path(str(tmp_path / "out"))
    dialog.accept_button.click()
    assert page.asked == [(page.run.id, str(tmp_path / "out"), ["timm", "onnx"])]
    assert context.said[-1].sentence.startswith("Writing")
    context.exporter.finished.emit("The encoder is there.", str(tmp_path / "out"))
    assert (context.said[-1].sentence, context.said[-1].level) == ("The encoder is there.", "done")


def test_nothing_is_written_without_a_format_or_a_folder(page):
    page.controls.entries[Action.EXPORT].trigger()
    [dialog] = page.findChildren(ExportDialog)
    dialog.boxes["timm"].setChecked(False)
    assert not dialog.accept_button.isEnabled()
    dialog.boxes["timm"].setChecked(True)
    dialog.place.set_path("")
    assert not dialog.accept_button.isEnabled()
    dialog.reject()
    assert page.asked == []


def test_embeddings_are_of_the_runs_own_pictures(page, context, monkeypatch, tmp_path):
    monkeypatch.setattr(takeout, "ask_new_file", lambda *_: str(tmp_path / "a.npy"))
    page.controls.entries[Action.EMBED].trigger()
    data = page.run.recipe["data"]
    assert page.asked == [(page.run.id, data["location"], str(tmp_path / "a.npy"), data["kind"])]


def test_a_second_export_waits_for_the_first(page, context, monkeypatch, tmp_path):
    monkeypatch.setattr(context.exporter, "embed", lambda *_: False)
    monkeypatch.setattr(takeout, "ask_new_file", lambda *_: str(tmp_path / "a.npy"))
    page.controls.entries[Action.EMBED].trigger()
    assert context.said[-1].level == "warn"


@pytest.mark.parametrize(("button", "asked"), [("replace_button", 1), ("keep_button", 0)])
def test_files_in_the_way_are_replaced_only_when_the_person_says_so(
    button, asked, page, context, monkeypatch, qtbot
):
    again = []
    monkeypatch.setattr(context.exporter, "replace", lambda: again.append(1) or True)
    context.exporter.in_the_way.emit("There is README.md in /data already.")
    [question] = page.findChildren(ReplaceQuestion)
    assert question.text() == "There is README.md in /data already."
    assert question.defaultButton() is question.keep_button
    qtbot.mouseClick(getattr(question, button), Qt.MouseButton.LeftButton)
    assert len(again) == asked
    assert [news.level for news in context.said] == ["busy"] * asked


def test_a_failure_is_told(page, context):
    context.exporter.failed.emit("The disk is full.", "Make room.")
    assert context.said[-1].sentence == "The disk is full. Make room."


def test_a_run_without_weights_offers_neither(context, make_run, qtbot):
    run = make_run("waits", RunStatus.QUEUED)
    made = RunPage(context)
    qtbot.addWidget(made)
    context.watch.check()
    made.show_with(run_id=run.id)
    assert not made.controls.entries[Action.EXPORT].isEnabled()
    assert not made.controls.entries[Action.EMBED].isEnabled()
