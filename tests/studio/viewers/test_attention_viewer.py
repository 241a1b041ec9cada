"""The attention viewer: what it shows of a reply, and what its controls change without asking again."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.declared import load_catalogue
from studio.theme import color, ramp
from studio.viewers.attention_viewer import AttentionViewer

PATCH = 8


def attention(heads=3, rows=4, columns=6):
    """A head that looks at its own row, with a little everywhere; all of them keep 5 % for the class token."""
    maps = np.full((heads, rows, columns), 0.1, np.float32)
    for head in range(heads):
        maps[head, head % rows] += 1
    return maps * (0.95 / maps.sum(axis=(1, 2), keepdims=True))


def look(**sizes):
    maps = attention(**sizes)
    picture = np.full((maps.shape[1] * PATCH, maps.shape[2] * PATCH, 3), 100, np.uint8)
    return {"picture": picture, "attention": maps}, {"step": 1234, "note": "Shows little structure."}


@pytest.fixture
def viewer(qtbot):
    made = AttentionViewer()
    qtbot.addWidget(made)
    qtbot.addWidget(made.controls)
    made.show_run({"encoder": {"image_size": 32}})
    made.controls.show()
    made.resize(900, 400)
    made.show()
    made.show_look(*look())
    return made


def pixel(viewer, name, row, column):
    """Colour in the middle of a patch."""
    image = viewer.grid.panels[name].view.image
    cell = image.height() // len(viewer._maps["mean"])
    return image.pixelColor(column * cell + cell // 2, row * cell + cell // 2)


def titles(viewer):
    return [panel.title.text() for panel in viewer.grid.panels.values()]


def test_picture_overlay_mean_and_every_head_are_shown_with_their_numbers(viewer):
    assert list(viewer.grid.panels) == ["picture", "overlay", "mean", "head_0", "head_1", "head_2"]
    assert titles(viewer)[:2] == ["Picture", "Overlay, mean"]
    assert titles(viewer)[3] == "Head 1 · 5 patches"  # 6 patches hold 78.6 %, 4 of them 52.4 %
    assert viewer.facts.text() == (
        "3 heads · 4 x 6 patches · step 1,234 · the class token keeps 5.0 % for itself"
    )
    assert viewer.note.text() == "Shows little structure."


def test_all_maps_share_one_ramp_from_nothing_to_the_most(viewer):
    assert pixel(viewer, "head_0", 0, 3) == ramp("inferno")[-1]
    most = float(attention().max()) * (1 + 4 * 6)
    assert viewer.bar.words == ("0", "times even attention", f"{most:.3g}")
    assert pixel(viewer, "mean", 0, 3).lightness() < pixel(viewer, "head_0", 0, 3).lightness()


def test_own_scale_stretches_each_map_and_says_so(viewer):
    viewer.controls.own_scale.setChecked(True)
    assert pixel(viewer, "mean", 0, 3) == ramp("inferno")[-1]
    assert pixel(viewer, "mean", 3, 3) == ramp("inferno")[0]
    assert viewer.bar.words == ("least", "in each map", "most")


def test_attention_without_structure_is_one_flat_colour_on_the_common_ramp_and_on_its_own(viewer):
    arrays, info = look()
    arrays["attention"] = np.full((3, 4, 6), 0.95 / 24, np.float32)
    viewer.controls.outlined.setChecked(False)
    for own in (False, True):
        viewer.controls.own_scale.setChecked(own)
        viewer.show_look(arrays, info)
        image = viewer.grid.panels["head_0"].view.image
        assert {image.pixelColor(x, 9).rgb() for x in range(image.width())} == {image.pixel(0, 0)}


def test_the_mass_slider_is_followed_without_asking_the_engine(viewer, qtbot):
    with qtbot.assertNotEmitted(viewer.changed):
        viewer.controls.mass.setValue(100)
        assert titles(viewer)[3] == "Head 1 · 24 patches"
        viewer.controls.mass.setValue(10)
        assert titles(viewer)[3] == "Head 1 · 1 patch"
        viewer.controls.mass.setValue(0)
        assert titles(viewer)[3] == "Head 1 · 0 patches"
        qtbot.mouseClick(viewer.controls.back, Qt.MouseButton.LeftButton)
    assert viewer.controls.mass.value() == 60


def colours_across(viewer, name):
    """Names of the colours along the middles of all rows of patches."""
    image = viewer.grid.panels[name].view.image
    middles = [image.height() * place // 8 for place in (1, 3, 5, 7)]
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in middles}


def test_the_outline_can_be_left_out(viewer):
    outlined = color("outline").name()
    assert all(outlined in colours_across(viewer, name) for name in ("overlay", "mean", "head_0"))
    assert outlined not in colours_across(viewer, "picture")
    viewer.controls.outlined.setChecked(False)
    assert not any(outlined in colours_across(viewer, name) for name in viewer.grid.panels)
    assert titles(viewer)[3] == "Head 1"


def test_the_overlay_goes_from_the_picture_to_the_map_of_the_chosen_head(viewer):
    viewer.controls.outlined.setChecked(False)
    viewer.controls.over.setCurrentIndex(2)
    assert titles(viewer)[1] == "Overlay, head 2"
    viewer.controls.opacity.setValue(0)
    assert viewer.grid.panels["overlay"].view.image == viewer.grid.panels["picture"].view.image
    viewer.controls.opacity.setValue(100)
    assert viewer.grid.panels["overlay"].view.image == viewer.grid.panels["head_1"].view.image
    viewer.controls.opacity.setValue(50)
    mixed = (100 + pixel(viewer, "head_1", 1, 3).red()) / 2
    assert abs(pixel(viewer, "overlay", 1, 3).red() - mixed) <= 1


def test_another_size_asks_the_engine(viewer, qtbot):
    box = viewer.controls.size_box
    assert [box.itemData(row) for row in range(box.count())] == [None, 64, 480]
    assert viewer.request() == {"size": None}
    with qtbot.waitSignal(viewer.changed):
        box.setCurrentIndex(2)
    assert viewer.request() == {"size": 480}
    with qtbot.assertNotEmitted(viewer.changed):
        viewer.show_run({"encoder": {"image_size": 480}})
    assert [box.itemData(row) for row in range(box.count())] == [None, 960]


def test_a_network_with_fewer_heads_lays_the_mean_over_the_picture_again(viewer):
    viewer.controls.over.setCurrentIndex(3)
    viewer.show_look(*look(heads=1))
    assert titles(viewer)[1] == "Overlay, mean"
    assert viewer.facts.text().startswith("1 head ·")


def test_grey_pictures_take_coloured_maps(viewer):
    arrays, info = look()
    viewer.show_look({**arrays, "picture": arrays["picture"][..., :1]}, info)
    assert viewer.grid.panels["picture"].view.image.isGrayscale()
    assert not viewer.grid.panels["overlay"].view.image.isGrayscale()


def test_a_map_is_copied_with_its_outline(viewer):
    viewer.grid.panels["head_0"].view.copy()
    assert QGuiApplication.clipboard().image().size() == viewer.grid.panels["picture"].view.image.size()


def test_nothing_is_shown_before_a_look_and_after_clearing(viewer):
    viewer.clear()
    assert not viewer.grid.panels
    viewer.controls.mass.setValue(20)
    assert not viewer.grid.panels
    assert viewer.bar.isHidden()


def test_only_transformers_fit():
    catalogue = load_catalogue()
    method = catalogue.method("mae")
    fitting = {name for name, encoder in catalogue.encoders.items() if AttentionViewer.fits(method, encoder)}
    assert {"vit_nano", "vit_base"} <= fitting
    assert not [name for name in fitting if "resnet" in name]
