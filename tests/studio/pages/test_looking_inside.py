"""New run and Inspect with the real scanner, the real inspector and a run that was really trained."""

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from engine.declared import make_recipe
from engine.jobs.pretrain import run as train
from engine.nn.encoders import make_encoder
from engine.recipe import EncoderSettings
from engine.store import claim_run, create_run, list_runs
from studio.pages.home.import_card import ImportCard
from studio.pages.inspect_page import InspectPage
from studio.pages.new_run_page import NewRunPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LONG = 120_000


@pytest.fixture
def pets(tmp_path):
    """Forty small pictures of two classes."""
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        place = tmp_path / "pets" / label
        place.mkdir(parents=True)
        for number in range(20):
            Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(place / f"{number}.png")
    return tmp_path / "pets"


def button(page, name):
    return page.findChild(QPushButton, name)


def test_a_folder_is_scanned_previewed_and_its_run_queued(context, store, pets, qtbot):
    page = NewRunPage(context)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    page.show_with(location=str(pets), preset="quick")
    assert page.source.card.state == "scanning"
    qtbot.waitUntil(lambda: page.source.card.state == "ready", timeout=LONG)
    assert page.source.dataset.num_pictures == 40

    qtbot.mouseClick(button(page, "fix.training.batch_size"), Qt.MouseButton.LeftButton)
    assert page.settings.form.values()["training.batch_size"] == 32
    assert button(page, "start_run").isEnabled()

    grid = page.outcome.preview.grid
    qtbot.waitUntil(lambda: bool(grid.panels), timeout=LONG)
    assert all(panel.view.image.width() == 32 for panel in grid.panels.values())
    qtbot.waitUntil(lambda: len(page.source.card._wall.pictures) == 10, timeout=LONG)

    masked = [panel.view.image for panel in grid.panels.values()][-1]
    page.settings.set_values({"settings.mask_ratio": 0.25})
    qtbot.waitUntil(lambda: [panel.view.image for panel in grid.panels.values()][-1] != masked, timeout=LONG)

    page.settings.set_values({"settings.decoder_width": 65})
    qtbot.waitUntil(lambda: not button(page, "start_run").isEnabled(), timeout=LONG)
    assert page.outcome.preview.grid.panels == {}
    assert "do not divide" in page.settings.form.rows["settings.decoder_width"].note_text
    page.settings.set_values({"settings.decoder_width": 64})
    assert button(page, "start_run").isEnabled()

    qtbot.mouseClick(button(page, "start_run"), Qt.MouseButton.LeftButton)
    run = list_runs(store)[0]
    assert run.recipe["data"]["location"] == str(pets)
    assert context.visited == [("run", {"run_id": run.id})]


def test_a_trained_run_is_looked_into_under_another_mask_and_with_an_own_picture(
    context, store, pets, tmp_path, qtbot
):
    changes = {
        "data.location": str(pets),
        "training.batch_size": 16,
        "training.steps": 2,
        "training.warmup_epochs": 0,
        "training.knn_every_epochs": 0,
        "training.device": "cpu",
    }
    recipe = make_recipe("mae", "quick", changes)
    create_run(store, name="pets", method="mae", recipe=recipe.model_dump(mode="json"), seed=0)
    train(store, claim_run(store, device="cpu", host="here").id)

    page = InspectPage(context)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.show_with()
    viewer = page.look.viewer
    qtbot.waitUntil(lambda: bool(viewer.grid.panels), timeout=LONG)
    assert list(viewer.grid.panels) == ["original", "masked", "predicted", "pasted"]
    assert "step 2" in viewer.facts.text()
    assert "never predicts" in viewer.note.text()
    qtbot.waitUntil(lambda: len(page.pictures.strip.keys) == 40, timeout=LONG)

    before = viewer.grid.panels["masked"].view.image
    viewer.controls.slider.setValue(30)
    qtbot.waitUntil(lambda: viewer.grid.panels["masked"].view.image != before, timeout=LONG)

    own = tmp_path / "own.png"
    Image.fromarray(np.full((50, 70, 3), 200, np.uint8)).save(own)
    page.pictures.choose_own(own)
    qtbot.waitUntil(
        lambda: viewer.grid.panels["original"].view.image.pixelColor(3, 3).red() in (199, 200, 201),
        timeout=LONG,
    )

    page.tabs.choose("attention")
    seen = page.look.viewer
    qtbot.waitUntil(lambda: bool(seen.grid.panels), timeout=LONG)
    assert seen.facts.text().startswith("3 heads · 8 x 11 patches · step 2")
    seen.controls.size_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "16 x 22 patches" in seen.facts.text(), timeout=LONG)

    page.pictures.choose_own(tmp_path / "absent.png")
    qtbot.waitUntil(lambda: bool(page.look.error), timeout=LONG)
    assert page.look.error.endswith(".")


def test_imported_weights_are_looked_into(context, store, tmp_path, qtbot):
    settings = EncoderSettings(name="vit_96x2x4", image_size=32, patch_size=8)
    torch.save(make_encoder(settings).network.state_dict(), tmp_path / "weights.pth")
    card, page = ImportCard(context), InspectPage(context)
    for widget in (card, page):
        qtbot.addWidget(widget)
    card.import_file(str(tmp_path / "weights.pth"), 4)
    qtbot.waitUntil(lambda: bool(context.visited), timeout=LONG)
    page.resize(1000, 700)
    page.show()
    page.show_with(run_id=context.visited[-1][1]["run_id"])
    viewer = page.look.viewer
    assert viewer.name == "attention"
    qtbot.waitUntil(lambda: bool(viewer.grid.panels), timeout=LONG)
    assert page.look.error == ""
    assert viewer.facts.text().startswith("4 heads · 4 x 4 patches · step 0")
