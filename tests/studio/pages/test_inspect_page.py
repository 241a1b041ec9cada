"""The page Inspect on a real store; the reconstructions themselves are tested with the real process."""

import dataclasses
import os

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QAbstractScrollArea, QPushButton, QWidget

from engine.declared import make_recipe
from engine.store import RunStatus, add_artifact, create_run
from studio.live.inspector import Reply
from studio.pages.inspect_page import InspectPage


class Asked(list):
    """What the page asked the inspector, and a way to answer it as the process would."""

    def request(self, lane, op, on_reply, **arguments):
        self.append((op, arguments, on_reply))
        return len(self)

    def looks(self, wanted="reconstruct"):
        return [arguments for op, arguments, _ in self if op == wanted]

    def answer(self, op, **reply):
        on_reply = next(on_reply for asked, _, on_reply in reversed(self) if asked == op)
        on_reply(Reply(id=1, lane="", **{"ok": True, **reply}))


@pytest.fixture
def asked(context, monkeypatch):
    made = Asked()
    monkeypatch.setattr(context.inspector, "request", made.request)
    return made


@pytest.fixture
def run(store):
    recipe = make_recipe("mae", "quick", {"data.location": "/data/cats"}).model_dump(mode="json")
    return create_run(store, name="cats", method="mae", recipe=recipe, seed=0, status=RunStatus.DRAFT)


@pytest.fixture
def checkpoints(store, run):
    folder = store.run_folder(run.id)
    return [
        add_artifact(store, run.id, kind="checkpoint", path=folder / f"{step}.pt", step=step, size=1)
        for step in (10, 20, 40)
    ]


@pytest.fixture
def page(context, asked, qtbot):
    made = InspectPage(context)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def reconstruction():
    arrays = {
        name: np.full((8, 8, 3), 90, np.uint8) for name in ("original", "masked", "predicted", "pasted")
    }
    arrays["error"] = np.zeros((8, 8), np.float32)
    info = {
        "titles": {"pasted": "Pasted"},
        "order": list(arrays),
        "loss": 0.4321,
        "step": 40,
        "note": "De-normalised.",
    }
    return {"arrays": arrays, "info": info}


def test_without_runs_the_next_step_is_a_new_run(page, context, qtbot):
    qtbot.mouseClick(page.findChild(QPushButton, "inspect_no_runs_action"), Qt.MouseButton.LeftButton)
    assert context.visited == [("new_run", {})]


def test_without_a_checkpoint_the_page_says_so_and_shows_the_way_to_the_run(run, page, context, asked, qtbot):
    assert "'cats' has no checkpoint yet." in page._no_checkpoint.label.text()
    qtbot.mouseClick(page.findChild(QPushButton, "inspect_no_checkpoint_action"), Qt.MouseButton.LeftButton)
    assert context.visited == [("run", {"run_id": run.id})]
    assert asked.looks() == []


def test_the_newest_checkpoint_is_looked_at_first_with_the_mask_of_the_run(run, checkpoints, page, asked):
    assert asked.looks() == [
        {"run": run.id, "artifact": checkpoints[-1].id, "picture": 0, "mask_ratio": None, "seed": 0}
    ]


def test_sliders_and_buttons_ask_anew(checkpoints, page, asked, qtbot):
    page.checkpoints.slider.setValue(0)
    assert asked.looks()[-1]["artifact"] == checkpoints[0].id
    assert "step 10" in page.checkpoints.label.text()
    page.look.viewer.controls.slider.setValue(50)
    assert asked.looks()[-1]["mask_ratio"] == 0.5
    qtbot.mouseClick(page.look.viewer.controls.new_mask, Qt.MouseButton.LeftButton)
    assert asked.looks()[-1]["seed"] == 1
    qtbot.mouseClick(page.look.viewer.controls.back, Qt.MouseButton.LeftButton)
    assert asked.looks()[-1]["mask_ratio"] is None


def test_a_reply_shows_the_pictures_their_loss_and_the_note_on_what_they_mean(checkpoints, page, asked):
    asked.answer("reconstruct", **reconstruction())
    viewer = page.look.viewer
    assert list(viewer.grid.panels) == ["original", "masked", "predicted", "pasted"]
    assert viewer.facts.text() == "Loss of this picture 0.432 · step 40"
    assert viewer.note.text() == "De-normalised."
    page.look.viewer.controls.error.setChecked(True)
    assert list(viewer.grid.panels)[-1] == "error"
    assert viewer.grid.panels["error"].view.image.pixelColor(0, 0).name() == "#ffffff"


def test_an_error_is_a_sentence_with_a_way_out_and_goes_with_the_next_look(checkpoints, page, asked, qtbot):
    asked.answer(
        "reconstruct", ok=False, error="This checkpoint was cleared since.", fix="Choose another one."
    )
    assert page.look.error == "This checkpoint was cleared since."
    count = len(asked.looks())
    qtbot.mouseClick(page.findChild(QPushButton, "reconstruction_again"), Qt.MouseButton.LeftButton)
    assert len(asked.looks()) == count + 1
    asked.answer("reconstruct", **reconstruction())
    assert page.look.error == ""


def test_a_picture_of_the_data_set_is_chosen_in_the_strip(checkpoints, page, asked):
    small = np.zeros((6, 6, 3), np.uint8)
    info = {"indices": [0, 50, 100], "names": ["a", "b", "c"], "labels": ["", "", ""], "total": 150}
    asked.answer("thumbnails", arrays={"0": small, "1": small, "2": small}, info=info)
    assert page.pictures.strip.keys == [0, 50, 100]
    assert "3 of 150 pictures" in page.pictures.message.text()
    page.pictures.strip.setCurrentIndex(page.pictures.strip.model().index(1, 0))
    assert asked.looks()[-1]["picture"] == 50


def test_a_picture_of_ones_own_can_be_dropped(checkpoints, page, asked, tmp_path):
    image = QImage(10, 10, QImage.Format.Format_RGB888)
    image.fill(0)
    path = tmp_path / "mine.png"
    image.save(str(path))
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
    assert asked.looks()[-1]["picture"] == str(path)
    asked.answer("thumbnails", ok=False, error="The folder is gone.", fix="Plug the disk in.")
    assert page.pictures.strip.keys == [str(path)]
    assert "The folder is gone." in page.pictures.message.text()


def test_a_pipe_and_a_drawing_of_ones_own_hold_nothing_up(checkpoints, page, asked, tmp_path):
    (tmp_path / "drawing.png").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("drawing.png", "pipe.png"):
        page.pictures.choose_own(tmp_path / name)
        assert asked.looks()[-1]["picture"] == str(tmp_path / name)


def test_room_below_the_pictures_goes_to_the_strip_and_comes_back(checkpoints, page, asked, qtbot):
    page.resize(1000, 720)
    asked.answer("reconstruct", **reconstruction())
    qtbot.waitUntil(lambda: page.pictures.strip.rows > 1)
    page.resize(1000, 520)
    qtbot.waitUntil(lambda: page.pictures.strip.rows == 1)


def test_a_new_checkpoint_is_followed_only_while_the_newest_is_shown(store, run, checkpoints, page, asked):
    folder = store.run_folder(run.id)
    newer = add_artifact(store, run.id, kind="checkpoint", path=folder / "80.pt", step=80, size=1)
    page.context.watch.artifacts_changed.emit(run.id)
    assert page.checkpoints.current == newer
    page.checkpoints.slider.setValue(1)
    add_artifact(store, run.id, kind="checkpoint", path=folder / "160.pt", step=160, size=1)
    count = len(asked.looks())
    page.context.watch.artifacts_changed.emit(run.id)
    assert page.checkpoints.current.step == 20
    assert len(asked.looks()) == count


def test_the_page_opens_on_the_run_and_checkpoint_it_is_given(store, run, checkpoints, page, asked):
    other = create_run(store, name="dogs", method="mae", recipe=run.recipe, seed=0, status=RunStatus.DRAFT)
    page.show_with(run_id=other.id)
    assert page.run == other
    page.show_with(run_id=run.id, artifact_id=checkpoints[1].id)
    assert page.run.id == run.id
    assert asked.looks()[-1]["artifact"] == checkpoints[1].id


def test_everything_that_takes_the_focus_has_a_name(checkpoints, page):
    nameless = [
        type(widget).__name__
        for widget in page.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.focusProxy() is None
        and not (widget.accessibleName() or getattr(widget, "text", str)())
        and not isinstance(widget, QAbstractScrollArea)
    ]
    assert nameless == []


def attention():
    maps = np.full((3, 2, 2), 0.2, np.float32)
    info = {"heads": 3, "grid": [2, 2], "step": 40, "note": "Little structure."}
    return {"arrays": {"picture": np.full((16, 16, 3), 90, np.uint8), "attention": maps}, "info": info}


def tabs_in_sight(page):
    bar = page.tabs.bar
    return [bar.tabText(place) for place in range(bar.count()) if bar.isTabVisible(place)]


def test_a_run_that_rebuilds_pictures_with_a_transformer_has_both_tabs(run, checkpoints, page, asked):
    assert tabs_in_sight(page) == ["Reconstruction", "Attention"]
    assert asked.looks("attention") == []
    page.tabs.choose("attention")
    assert asked.looks("attention") == [
        {"run": run.id, "artifact": checkpoints[-1].id, "picture": 0, "size": None}
    ]
    asked.answer("attention", **attention())
    assert list(page.look.viewer.grid.panels)[:3] == ["picture", "overlay", "mean"]


def test_a_tab_asks_again_only_for_what_it_does_not_show_yet(checkpoints, page, asked, qtbot):
    asked.answer("reconstruct", **reconstruction())
    page.tabs.choose("attention")
    asked.answer("attention", **attention())
    page.tabs.choose("reconstruction")
    page.tabs.choose("attention")
    assert (len(asked.looks()), len(asked.looks("attention"))) == (1, 1)
    page.checkpoints.slider.setValue(0)
    assert (len(asked.looks()), len(asked.looks("attention"))) == (1, 2)
    page.tabs.choose("reconstruction")
    assert asked.looks()[-1]["artifact"] == checkpoints[0].id


def test_tabs_are_changed_by_the_keyboard(checkpoints, page, asked, qtbot):
    qtbot.keyClick(page.tabs.bar, Qt.Key.Key_Right)
    assert page.look.viewer.name == "attention"
    assert page.tabs.bar.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_failed_look_at_attention_keeps_its_controls_in_sight(checkpoints, page, asked, qtbot):
    page.tabs.choose("attention")
    asked.answer("attention", ok=False, error="Too many patches.", fix="Choose a smaller size.")
    assert page.look.error == "Too many patches."
    assert page.look.viewer.controls.isVisible()
    page.look.viewer.controls.size_box.setCurrentIndex(1)
    asked.answer("attention", **attention())
    assert page.look.error == ""


def add_checkpoint(store, run):
    return add_artifact(
        store, run.id, kind="checkpoint", path=store.run_folder(run.id) / "1.pt", step=1, size=1
    )


@pytest.fixture(params=["byol", "a method of another version"])
def resnet_run(store, run, request):
    recipe = {**run.recipe, "method": request.param, "encoder": {**run.recipe["encoder"], "name": "resnet18"}}
    made = create_run(
        store, name="birds", method=request.param, recipe=recipe, seed=0, status=RunStatus.DRAFT
    )
    add_checkpoint(store, made)
    return made


def test_a_run_that_no_viewer_fits_says_what_each_of_them_needs(
    checkpoints, resnet_run, page, context, asked
):
    count = len(asked)
    page.show_with(run_id=resnet_run.id)
    assert page._stack.currentWidget() is page._no_viewer
    said = page._no_viewer.label.text()
    assert "'birds' cannot be looked into" in said
    assert "attention needs a vision transformer" in said
    assert not page.checkpoints.isVisible()  # it would say that there are none
    assert [op for op, _, _ in asked[count:]] == []
    page.show_with(run_id=next(run_id for run_id in page._runs if run_id != resnet_run.id))
    assert page._stack.currentWidget() is page._bench
    assert page.checkpoints.isVisible()


@pytest.mark.parametrize(
    ("kind", "method", "encoder", "tabs"),
    [
        ("imported", "imported", "vit_small", ["Attention"]),
        ("imported", "imported", "vit_96x2x6", ["Attention"]),
        ("pretrain", "mae", "vit_384x12x12", ["Reconstruction", "Attention"]),
        ("pretrain", "byol", "vit_384x12x12_mlp768", ["Attention"]),
        ("imported", "imported", "simclr_resnet50_1x_sk", []),
        ("pretrain", "mae", "vit_of_another_version", []),
    ],
)
def test_imports_and_encoders_named_by_their_sizes_are_looked_into(
    kind, method, encoder, tabs, store, run, checkpoints, page, asked
):
    recipe = {**run.recipe, "method": method, "encoder": {**run.recipe["encoder"], "name": encoder}}
    made = create_run(
        store, name="own", kind=kind, method=method, recipe=recipe, seed=0, status=RunStatus.DRAFT
    )
    checkpoint = add_checkpoint(store, made)
    page.show_with(run_id=made.id)
    assert page.run.id == made.id
    assert tabs_in_sight(page) == tabs
    if tabs:
        assert page._stack.currentWidget() is page._bench
        assert asked.looks(page.look.viewer.operation)[-1]["artifact"] == checkpoint.id
    told = "Reconstruction needs a method that rebuilds pictures."
    assert (told in page.tabs.missing.text()) == (tabs == ["Attention"])


def test_each_viewer_is_offered_only_where_it_fits(checkpoints, page):
    method = page.context.catalogue.method("mae")
    plain = dataclasses.replace(method, rebuilds=False)
    for described, encoder, expected in (
        (plain, "vit_nano", ["Attention"]),
        (method, "resnet18", ["Reconstruction"]),
    ):
        catalogue = dataclasses.replace(page.context.catalogue, methods={"mae": described})
        recipe = {**page.run.recipe, "encoder": {"name": encoder, "image_size": 64}}
        page.tabs.show_run(dataclasses.replace(page.run, recipe=recipe), catalogue)
        assert tabs_in_sight(page) == expected
        assert page.look.viewer.title == expected[0]
        assert page.look.isVisible()


def test_the_page_follows_the_run_that_was_opened_last_until_another_is_chosen_here(
    store, run, checkpoints, page, context
):
    other = create_run(store, name="dogs", method="mae", recipe=run.recipe, seed=0, status=RunStatus.DRAFT)
    add_checkpoint(store, other)
    context.opened_run = other.id
    page.show_with()
    assert page.run.id == other.id
    index = page.run_box.findData(run.id)
    page.run_box.setCurrentIndex(index)
    page.run_box.activated.emit(index)
    assert context.opened_run == run.id
    page.show_with()
    assert page.run.id == run.id


def test_a_page_opens_on_a_viewer_by_its_name(checkpoints, page):
    page.show_with(viewer="attention")
    assert page.look.viewer.name == "attention"
    page.show_with(viewer="unheard of")
    assert page.look.viewer.name == "attention"


def test_a_very_long_picture_has_a_thumbnail(checkpoints, page, tmp_path):
    image = QImage(3000, 10, QImage.Format.Format_RGB888)
    image.fill(0)
    image.save(str(tmp_path / "long.png"))
    page.pictures.choose_own(tmp_path / "long.png")
    icon = page.pictures.strip.model().index(0, 0).data(Qt.ItemDataRole.DecorationRole)
    assert not icon.pixmap(64, 64).isNull()
