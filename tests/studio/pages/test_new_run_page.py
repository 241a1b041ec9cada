"""The page New run on a real store; scans and previews that need processes are tested where those are."""

import errno
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLabel, QLineEdit, QWidget

from engine.declared import fidelity, load_catalogue, make_recipe, recipe_from_dict
from engine.store import RunStatus, create_run, list_runs, save_dataset
from studio.live.starting_point import changes_to_start_from
from studio.pages.new_run import recipe_files
from studio.pages.new_run_page import NewRunPage


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "cats"
    folder.mkdir()
    return str(folder)


@pytest.fixture
def pictures(store, place):
    return save_dataset(
        store, name="cats", location=place, kind="class_folders", channels=3, fingerprint="f1",
        num_pictures=1000, classes=["a", "b"], splits={"train": 1000}, mean=[0.5] * 3, std=[0.2] * 3, health={},
    )  # fmt: skip


@pytest.fixture
def page(context, pictures, qtbot, monkeypatch):
    # Pictures are drawn by a process with torch in it; these tests are about the page.
    monkeypatch.setattr(context.inspector, "request", lambda lane, op, on_reply, **arguments: 0)
    made = NewRunPage(context)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    return made


def button(page, name):
    return page.findChild(QAbstractButton, name)


def click(page, qtbot, name):
    qtbot.mouseClick(button(page, name), Qt.MouseButton.LeftButton)


def write(page, qtbot, path, text):
    editor = page.findChild(QLineEdit, f"field.{path}")
    editor.selectAll()
    qtbot.keyClicks(editor, text)


def drop(page, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    page.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_an_empty_page_says_what_to_do_and_starts_nothing(page):
    assert page.source.card.state == "empty"
    assert not button(page, "start_run").isEnabled()
    assert "No pictures are chosen." in page.outcome.problems.findChild(QWidget, "problem.0").text()


def test_start_puts_the_run_into_the_queue_and_opens_it(page, place, context, store, pictures, qtbot):
    page.show_with(location=place)
    click(page, qtbot, "start_run")
    run = list_runs(store)[0]
    assert run.status is RunStatus.QUEUED
    assert (run.name, run.method, run.dataset_id, run.fingerprint) == ("MAE cats", "mae", pictures.id, "f1")
    expected = make_recipe("mae", "desktop", {"data.location": place}, num_train=1000)
    assert recipe_from_dict(run.recipe) == expected
    assert context.visited == [("run", {"run_id": run.id})]


@pytest.mark.parametrize("preset", ["desktop", "quick"])
@pytest.mark.parametrize("classes", [["a", "b"], []], ids=["classes", "flat"])
@pytest.mark.parametrize("method", sorted(load_catalogue().methods))
def test_every_method_starts_with_and_without_labels(page, store, tmp_path, qtbot, method, classes, preset):
    location = str(tmp_path)
    save_dataset(
        store, name="dogs", location=location, kind="class_folders" if classes else "flat", channels=3,
        fingerprint="f2", num_pictures=1000, classes=classes, splits={"train": 1000}, mean=[0.5] * 3, std=[0.2] * 3,
        health={},
    )  # fmt: skip
    page.show_with(location=location)
    button(page, f"method.{method}").click()
    click(page, qtbot, f"preset.{preset}")
    click(page, qtbot, "start_run")
    if load_catalogue().method(method).needs_labels and not classes:
        assert not button(page, "start_run").isEnabled()
        assert "learns from labels" in page.outcome.problems.findChild(QWidget, "problem.0").text()
        assert list_runs(store) == []
    else:
        (run,) = list_runs(store)
        assert recipe_from_dict(run.recipe) == make_recipe(
            method, preset, {"data.location": location}, num_train=1000
        )


def test_add_to_queue_stays_on_the_page_and_offers_the_run(page, place, context, store, qtbot):
    page.show_with(location=place, preset="quick")
    click(page, qtbot, "add_to_queue")
    run = list_runs(store)[0]
    assert run.recipe["encoder"]["name"] == "vit_nano"
    assert context.visited == []
    context.said[-1].action[1]()
    assert context.visited == [("run", {"run_id": run.id})]
    assert "1 run ahead" in page.outcome.ahead.text()


def test_what_was_typed_last_is_what_starts(page, place, store, qtbot):
    page.show_with(location=place)
    write(page, qtbot, "training.epochs", "7")
    write(page, qtbot, "training.warmup_epochs", "1")
    click(page, qtbot, "start_run")
    assert list_runs(store)[0].recipe["training"]["epochs"] == 7


def test_pictures_that_are_gone_keep_the_run_from_starting(page, place, qtbot):
    page.show_with(location=place)
    assert button(page, "start_run").isEnabled()
    Path(place).rmdir()
    page._refresh()
    assert not button(page, "start_run").isEnabled()
    assert "is not there any more" in page.outcome.problems.findChild(QWidget, "problem.0").text()


def test_pictures_that_are_being_scanned_are_not_said_to_be_missing(page, context, monkeypatch, tmp_path):
    monkeypatch.setattr(context.scanner, "scan", lambda *_arguments: None)
    page.show_with(location=str(tmp_path))
    said = [label.text() for label in page.outcome.findChildren(QLabel)]
    assert "The pictures are being scanned. Wait for the scan, or choose others." in said
    assert page.outcome.preview.message.text() == "The preview waits for the scan."
    assert not button(page, "start_run").isEnabled()


def test_a_queued_run_is_a_snapshot(page, place, store, qtbot):
    page.show_with(location=place)
    click(page, qtbot, "add_to_queue")
    write(page, qtbot, "training.epochs", "9")
    assert list_runs(store)[0].recipe["training"]["epochs"] == 400


def test_a_mistake_typed_just_now_does_not_start_but_is_shown(page, place, context, store, qtbot):
    page.show_with(location=place)
    write(page, qtbot, "training.epochs", "0")
    click(page, qtbot, "start_run")
    assert list_runs(store) == []
    assert context.said[-1].level == "bad"
    assert page.settings.form.rows["training.epochs"].note_text == "Must be 1 or more."


def test_a_known_problem_is_mended_by_one_click(page, place, qtbot):
    page.show_with(location=place)
    write(page, qtbot, "encoder.patch_size", "10")
    qtbot.waitUntil(lambda: button(page, "fix.encoder.patch_size") is not None)
    assert not button(page, "start_run").isEnabled()
    assert "does not divide" in page.settings.form.rows["encoder.patch_size"].note_text
    click(page, qtbot, "fix.encoder.patch_size")
    assert page.draft.changes.get("encoder.patch_size", 8) == 8
    assert button(page, "start_run").isEnabled()


def test_another_preset_takes_changes_back_and_gives_them_back(page, place, context, qtbot):
    page.show_with(location=place)
    write(page, qtbot, "training.epochs", "7")
    click(page, qtbot, "preset.quick")
    quick = context.catalogue.method(page.settings.method).presets["quick"].values
    assert page.settings.form.values()["training.epochs"] == quick["training.epochs"] != 7
    context.said[-1].action[1]()
    assert page.settings.preset == "desktop"
    assert page.settings.form.values()["training.epochs"] == 7


def test_a_recipe_saved_is_the_recipe_opened(page, place, context, tmp_path, qtbot):
    page.show_with(location=place, preset="quick")
    write(page, qtbot, "training.epochs", "33")
    page._refresh()
    path = recipe_files.write_recipe(tmp_path / "mine", page._checked.recipe)
    assert path.name == "mine.toml"
    page.settings.set_preset("desktop")
    drop(page, path)
    assert page.settings.preset == "quick"
    assert page.settings.form.changes() == {"training.epochs": 33}
    assert page.source.dataset.name == "cats"


def test_a_disk_that_takes_no_recipe_leaves_the_one_that_was_there(
    page, context, place, tmp_path, monkeypatch
):
    page.show_with(location=place)
    recipe, _ = page._current_recipe()
    before = recipe_files.write_recipe(tmp_path / "mine.toml", recipe).read_text("utf-8")

    def full(self, *_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    page.recipes.save_file(tmp_path / "mine.toml", recipe)
    assert context.said[-1].level == "bad"
    monkeypatch.undo()
    assert (tmp_path / "mine.toml").read_text("utf-8") == before
    assert [file.name for file in tmp_path.glob("*recipe*")] == []


def test_saving_says_how_to_start_the_recipe_elsewhere_or_why_it_cannot_be_saved(
    page, context, place, tmp_path
):
    page.show_with(location=place)
    recipe, _ = page._current_recipe()
    page.recipes.save_file(tmp_path / "mine.toml", recipe)
    assert "ssl-engine train --recipe" in context.said[-1].sentence
    page.recipes.save_file(tmp_path / "absent" / "mine.toml", recipe)
    assert context.said[-1].level == "bad"
    assert "cannot be written" in context.said[-1].sentence


def test_a_broken_recipe_file_is_refused_in_words(page, context, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("training = 3")
    drop(page, path)
    assert context.said[-1].level == "bad"
    drop(page, tmp_path / "absent.toml")
    assert "cannot be read" in context.said[-1].sentence


def test_a_run_can_be_done_again_with_one_field_changed(page, place, store, qtbot):
    recipe = make_recipe("mae", "quick", {"data.location": place, "training.epochs": 11})
    before = create_run(store, name="first", method="mae", recipe=recipe.model_dump(mode="json"), seed=0)
    page.show_with(run_id=before.id)
    write(page, qtbot, "settings.mask_ratio", "0.6")
    click(page, qtbot, "start_run")
    again = list_runs(store)[0]
    assert again.recipe["training"]["epochs"] == 11
    assert again.recipe["settings"]["mask_ratio"] == 0.6
    assert again.name == "first"


def test_a_run_that_is_gone_is_said_in_words(page, context):
    page.show_with(run_id=99)
    assert context.said[-1].level == "bad"


def test_the_name_of_the_person_is_kept(page, place, store, qtbot):
    page.show_with(location=place)
    page.outcome.name.setText("my run")
    page.settings.set_preset("quick")
    page._refresh()
    click(page, qtbot, "start_run")
    assert list_runs(store)[0].name == "my run"


def test_everything_that_takes_the_focus_has_a_name(page, place):
    page.show_with(location=place)
    nameless = [
        type(widget).__name__
        for widget in page.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.focusProxy() is None
        and not (widget.accessibleName() or getattr(widget, "text", str)())
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget, QAbstractScrollArea)
    ]
    assert nameless == []


def test_a_run_s_recipe_is_opened_with_one_setting_turned_and_in_view(page, pictures, place, store):
    recipe = make_recipe("mae", "quick", {"data.location": place, "settings.mask_ratio": 0.6})
    run = create_run(store, name="odd", method="mae", recipe=recipe.model_dump(mode="json"), seed=0)
    page.show_with(run_id=run.id, changes={"training.beta2": 0.9}, field="training.beta2")
    changes = page.draft.changes
    assert (changes["training.beta2"], changes["settings.mask_ratio"]) == (0.9, 0.6)
    assert page.settings.form.rows["training.beta2"].isVisible()


def test_pictures_move_what_the_preset_says_and_nothing_that_was_chosen(page, place, qtbot):
    rows = page.settings.form.rows
    guessed = rows["training.epochs"].value()
    assert "not counted yet" in rows["training.epochs"].note_text
    write(page, qtbot, "training.warmup_epochs", "7")
    page.show_with(location=place)
    assert rows["training.batch_size"].value() == 64
    assert rows["training.epochs"].value() == 400 != guessed
    assert rows["training.epochs"].note_text.startswith("1,000 pictures, 15 steps an epoch: 400 epochs")
    assert rows["training.warmup_epochs"].value() == 7
    assert page.settings.form.changes() == {"training.warmup_epochs": 7}


def test_a_larger_batch_chosen_by_hand_makes_more_epochs(page, place, qtbot):
    page.show_with(location=place)
    write(page, qtbot, "training.batch_size", "200")
    page._refresh()
    assert page.settings.form.rows["training.epochs"].value() == 800
    page.settings.form.rows["training.batch_size"].reset()
    page._refresh()
    assert page.settings.form.rows["training.epochs"].value() == 400


def test_a_run_done_again_keeps_its_numbers_whatever_the_pictures_are(page, place, store, qtbot):
    recipe = make_recipe("mae", "desktop", {"data.location": place}, num_train=50_000)
    before = create_run(store, name="first", method="mae", recipe=recipe.model_dump(mode="json"), seed=0)
    page.show_with(run_id=before.id)
    assert page._checked.facts.num_train == 1000
    assert page._checked.recipe.training == recipe.training
    click(page, qtbot, "preset.desktop")
    assert page._checked.recipe.training.epochs == 400


def test_differences_from_the_paper_are_counted_and_unfold(page, place, qtbot):
    page.show_with(location=place)
    listed = page.outcome.fidelity
    assert listed.sentences == [each.sentence for each in fidelity(page._checked.recipe)]
    assert listed.toggle.text() == f"{len(listed.sentences)} differences from the paper"
    assert not listed.findChild(QWidget, "deviation.0").isVisibleTo(listed)
    qtbot.mouseClick(listed.toggle, Qt.MouseButton.LeftButton)
    assert listed.findChild(QWidget, "deviation.0").isVisibleTo(listed)
    page.settings.set_preset("paper")
    page._refresh()
    assert listed.toggle.text() == "No difference from the paper"


def test_what_the_method_schedules_is_drawn_below_the_rate(page, place):
    page.show_with(location=place)
    schedule = page.outcome.schedule
    curves = {"steps": [0, 5, 9], "values": {"momentum": [0.9, 0.95, 1.0], "half_life": [7.0, 13.0, 9e5]}}
    page.outcome.preview.curves_known.emit(curves)
    assert list(schedule.small) == ["momentum", "half_life"]
    assert schedule.small["momentum"].lines["momentum"].values.tolist() == [0.9, 0.95, 1.0]
    assert schedule.small["half_life"].is_log_y
    assert not schedule.small["momentum"].is_log_y
    page.outcome.preview.curves_known.emit({})
    assert schedule.small == {}


def test_another_method_keeps_the_size_of_recipe_that_was_chosen(page, qtbot):
    page.settings.presets.chosen.emit("quick")
    assert page.settings.preset == "quick"
    page.source.method_chosen.emit("dino")
    assert (page.settings.method, page.settings.preset) == ("dino", "quick")


@pytest.fixture
def trained(store, place):
    recipe = make_recipe(
        "simclr", "quick", {"encoder.image_size": 64, "training.epochs": 3, "data.location": place}
    )
    return create_run(
        store,
        name="first try",
        method="simclr",
        recipe=recipe.model_dump(mode="json"),
        seed=0,
        status=RunStatus.DRAFT,
    )


def test_weights_to_start_from_stay_through_presets_and_methods_and_can_be_taken_out(
    page, qtbot, trained, context
):
    wanted = f"run:{trained.id}"
    page.settings.form.set_values({"training.epochs": 77})
    page.show_with(changes=changes_to_start_from(trained))
    line = page.settings.weights
    assert line.isVisible()
    assert "first try" in line.words.text()
    assert (page.settings.method, page.settings.preset) == ("simclr", "desktop")
    assert page.source.location == trained.recipe["data"]["location"]
    assert page._checked.recipe.training.epochs not in (3, 77)
    for preset in ("quick", "desktop"):
        click(page, qtbot, f"preset.{preset}")
        encoder = page._checked.recipe.encoder
        assert (encoder.weights, encoder.name, encoder.image_size) == (wanted, "resnet_nano", 64)
    click(page, qtbot, "method.byol")
    assert page._checked.recipe.encoder.weights == wanted
    click(page, qtbot, "method.mae")
    assert not page._checked.recipe.encoder.weights
    assert "cannot start from 'first try'" in line.words.text()
    click(page, qtbot, "method.simclr")
    assert page._checked.recipe.encoder.weights == wanted
    click(page, qtbot, "take_weights_out")
    assert not line.isVisible()
    encoder = page._checked.recipe.encoder
    assert (encoder.weights, encoder.name, encoder.image_size) == ("", "resnet18", 96)


def test_weights_that_a_person_changes_are_no_longer_promised(page, qtbot, trained):
    page.show_with(changes=changes_to_start_from(trained))
    page.settings.form.set_values({"encoder.weights": ""})
    assert not page.settings.weights.isVisible()
    click(page, qtbot, "preset.quick")
    assert not page._checked.recipe.encoder.weights


def test_a_size_moves_what_follows_it_in_the_form_and_leaves_what_the_person_set(page, qtbot, pictures):
    page.source.choose(pictures.location)
    page.source.methods.choose("dino")
    form = page.settings.form
    form.set_values({"encoder.image_size": 32})
    recipe = page._checked.recipe
    assert (recipe.encoder.patch_size, recipe.settings["local_size"]) == (2, 14)
    assert form.values()["settings.local_size"] == 14
    assert "32 px" in form.rows["settings.local_size"].note_text
    form.set_values({"settings.local_size": 8})
    form.set_values({"encoder.image_size": 64})
    recipe = page._checked.recipe
    assert (recipe.encoder.patch_size, recipe.settings["local_size"]) == (4, 8)


def test_nothing_is_cut_off_where_the_columns_are_narrow(page, place, qtbot):
    page.resize(924, 580)
    page.show_with(location=place)
    content = page.outcome.findChild(QWidget, "scroll_content")
    qtbot.waitUntil(lambda: content.parentWidget().width() < 340)
    assert content.width() <= content.parentWidget().width()
    assert content.minimumSizeHint().width() <= content.width()
