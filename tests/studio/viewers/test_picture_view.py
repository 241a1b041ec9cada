"""A picture that is zoomed, moved, copied and saved."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QWheelEvent

from studio.viewers.images import signed_colours, to_image
from studio.viewers.picture_view import Look, PictureView


@pytest.fixture
def picture():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[::2, ::2] = (255, 0, 0)
    return pixels


@pytest.fixture
def view(qtbot, picture):
    made = PictureView("Original")
    qtbot.addWidget(made)
    made.set_image(to_image(picture))
    made.resize(160, 160)
    made.show()
    return made


def wheel(view, steps, at=(80, 80)):
    place = QPointF(*at)
    event = QWheelEvent(
        place, place, QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    view.wheelEvent(event)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_array_becomes_a_picture_with_its_own_pixels(channels):
    array = np.arange(5 * 7 * channels, dtype=np.uint8).reshape(5, 7, channels)
    image = to_image(array)
    array[:] = 0
    assert (image.width(), image.height()) == (7, 5)
    expected = {1: (34, 34, 34), 3: (102, 103, 104), 4: (136, 137, 138)}[channels]
    assert QColor.fromRgba(image.pixel(6, 4)).getRgb()[:3] == expected


def test_enlarged_pixels_stay_sharp(view):
    shot = view.grab().toImage()
    size = shot.width() / 8
    inside = shot.pixelColor(round(size * 0.95), round(size * 0.95))
    outside = shot.pixelColor(round(size * 1.05), round(size * 0.5))
    assert inside == QColor(255, 0, 0)
    assert outside == QColor(0, 0, 0)


def test_the_wheel_zooms_at_the_pointer_and_a_double_click_fits_again(view, qtbot):
    wheel(view, 3, at=(10, 10))
    assert view.look.zoom == pytest.approx(1.25**3)
    assert view.look.centre[0] < 0.5
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton)
    assert view.look == Look()


def test_zoom_never_leaves_the_picture(view):
    wheel(view, -5)
    assert view.look == Look()
    wheel(view, 100)
    assert view.look.zoom == 64
    view.set_look(Look(2, (5, -5)))
    assert view.look.centre == (0.75, 0.25)


def test_a_drag_moves_the_picture(view, qtbot):
    view.set_look(Look(4, (0.5, 0.5)))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(80, 80))
    qtbot.mouseMove(view, QPoint(100, 80))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    assert view.look.centre[0] < 0.5
    assert view.look.centre[1] == 0.5


def test_keys_zoom_move_and_fit(view, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.look.zoom == 1.25
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.look.centre[0] > 0.5
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.look == Look()


def test_the_picture_is_copied_and_saved_in_its_own_size(view, tmp_path):
    view.copy()
    assert QGuiApplication.clipboard().image().size() == view.image.size()
    assert view.save(tmp_path / "picture")
    assert QImage(str(tmp_path / "picture.png")).pixelColor(0, 0) == QColor(255, 0, 0)


def test_a_place_that_cannot_be_written_is_said_in_words(view, tmp_path, qtbot):
    with qtbot.waitSignal(view.failed) as blocker:
        assert not view.save(tmp_path / "absent" / "picture.png")
    assert "cannot be written" in blocker.args[0]


def test_a_view_without_a_picture_draws_nothing_and_fails_nothing(qtbot):
    view = PictureView("Empty")
    qtbot.addWidget(view)
    view.show()
    wheel(view, 1)
    view.copy()
    assert view.grab().width() > 0


def test_signed_numbers_are_neutral_at_zero_and_end_at_the_limit():
    blue, white, red = QColor(0, 0, 255), QColor(255, 255, 255), QColor(255, 0, 0)
    values = np.array([[-9.0, -1.0, 0.0, 0.5, 1.0, np.nan]])
    colours = signed_colours(values, 1.0, blue, white, red)
    assert colours[0].tolist() == [
        [0, 0, 255], [0, 0, 255], [255, 255, 255], [255, 128, 128], [255, 0, 0], [255, 255, 255],
    ]  # fmt: skip
