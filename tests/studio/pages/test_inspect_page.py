"""The page Inspect on a real store; the reconstructions themselves are tested with the real process."""

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

    def looks(self):
        return [arguments for op, arguments, _ in self if op == "reconstruct"]

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
