"""Weights from elsewhere, by the window: a file chosen, a toast, a page, and a new run that starts from them."""

import json

import pytest
from sqlalchemy import text

from engine.store import RunStatus, get_run
from studio.live.run_actions import Action, possible
from studio.live.starting_point import changes_to_start_from
from studio.pages.home import import_card
from studio.pages.home.import_card import ImportCard
from studio.pages.new_run_page import NewRunPage
from studio.pages.run_page import RunPage

RECIPE = {
    "kind": "imported",
    "method": "imported",
    "data": {"location": "builtin:digits", "channels": 3, "normalise": "unit"},
    "encoder": {"name": "vit_96x2x6", "image_size": 64, "patch_size": 16, "stem": "auto", "layer_scale": 0.1},
    "settings": {"file": "weights.pth", "format": "cae"},
}


@pytest.fixture
def card(context, qtbot, monkeypatch):
    made = ImportCard(context)
    qtbot.addWidget(made)
    made.asked = []
    monkeypatch.setattr(context.importer, "import_file", lambda path, heads: made.asked.append((path, heads)))
    return made


@pytest.fixture
def imported(store, make_run):
    run = make_run("CAE weights", RunStatus.FINISHED)
    with store.begin() as connection:
        connection.execute(
            text("UPDATE run SET kind = 'imported', method = 'imported', recipe = :recipe WHERE id = :id"),
            {"recipe": json.dumps(RECIPE), "id": run.id},
        )
    return get_run(store, run.id)


def test_a_chosen_file_is_read_and_its_run_is_opened(card, context, imported, monkeypatch):
    monkeypatch.setattr(import_card, "ask_file", lambda *_: "/data/weights.pth")
    card.button.click()
    assert card.asked == [("/data/weights.pth", None)]
    assert not card.button.isEnabled()
    context.importer.finished.emit(imported.id, "CAE: 100% of the encoder filled.")
    assert card.button.isEnabled()
    assert context.visited == [("run", {"run_id": imported.id, "show": "log"})]
    [said] = context.said
    assert (said.sentence, said.level) == ("CAE: 100% of the encoder filled.", "good")
    said.action[1]()
    page, arguments = context.visited[-1]
    assert page == "new_run"
    assert arguments["changes"]["encoder.weights"] == f"run:{imported.id}"


def test_a_refused_file_is_told_with_what_to_do(card, context):
    card.import_file("/data/notes.txt")
    context.importer.failed.emit("notes.txt is no file of weights.", "Choose another one.")
    assert card.button.isEnabled()
    assert context.said[0].sentence == "notes.txt is no file of weights. Choose another one."
    assert context.said[0].level == "bad"


def test_heads_that_the_weights_do_not_tell_are_asked_for(card, context):
    card.import_file("/data/odd.pth")
    assert card.question.isHidden()
    context.importer.needs_heads.emit("/data/odd.pth", "Weights of width 40 do not say how many heads.")
    assert card.button.isEnabled()
    assert not card.question.isHidden()
    assert "width 40" in card.question_words.text()
    card.heads.setValue(5)
    card.answer_button.click()
    assert card.asked[-1] == ("/data/odd.pth", 5)
    assert card.question.isHidden()


def test_nothing_happens_when_no_file_is_chosen(card, monkeypatch):
    monkeypatch.setattr(import_card, "ask_file", lambda *_: "")
    card.button.click()
    assert card.asked == []
    assert card.button.isEnabled()


def test_an_import_can_be_started_from_and_taken_out_and_not_trained(imported):
    assert possible(imported) == {Action.LOOK, Action.START_FROM, Action.EXPORT, Action.EMBED}


def test_the_form_of_a_new_run_takes_over_the_same_encoder(context, imported, qtbot):
    page = NewRunPage(context)
    qtbot.addWidget(page)
    page.show_with(changes=changes_to_start_from(imported))
    changes = page.draft.changes
    assert changes["encoder.weights"] == f"run:{imported.id}"
    assert (changes["encoder.name"], changes["encoder.patch_size"]) == ("vit_96x2x6", 16)
    assert changes["data.normalise"] == "unit"
    assert not page.draft.errors


def test_a_run_page_offers_it_and_opens_the_form(context, imported, qtbot):
    page = RunPage(context)
    qtbot.addWidget(page)
    context.watch.check()
    page.show_with(run_id=imported.id)
    entry = page.controls.entries[Action.START_FROM]
    assert entry.isEnabled()
    entry.trigger()
    assert context.visited[-1][1]["changes"]["encoder.weights"] == f"run:{imported.id}"


def test_it_is_looked_into_from_its_page(context, imported, qtbot):
    page = RunPage(context)
    qtbot.addWidget(page)
    context.watch.check()
    page.show_with(run_id=imported.id)
    page.controls.entries[Action.LOOK].trigger()
    assert context.visited[-1] == ("inspect", {"run_id": imported.id})


def test_repeating_an_import_is_refused_in_words(context, imported, qtbot):
    page = NewRunPage(context)
    qtbot.addWidget(page)
    page.show_with(run_id=imported.id)
    assert "not trained as they are" in context.said[-1].sentence
