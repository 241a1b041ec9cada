"""Pictures side by side that look at the same part."""

import numpy as np
import pytest

from studio.viewers.images import to_image
from studio.viewers.picture_grid import PictureGrid
from studio.viewers.picture_view import Look
from studio.viewers.thumbnail_wall import ThumbnailWall


def images(*names):
    return {name: to_image(np.full((6, 6, 3), 9, np.uint8)) for name in names}


@pytest.fixture
def grid(qtbot):
    made = PictureGrid()
    qtbot.addWidget(made)
    made.resize(800, 220)
    made.show()
    return made


def test_pictures_are_shown_in_order_under_their_titles(grid):
    grid.show_images(images("masked", "original"), {"original": "Original"}, ["original", "masked", "absent"])
    assert list(grid.panels) == ["original", "masked"]
    assert [panel.title.text() for panel in grid.panels.values()] == ["Original", "masked"]


def test_all_look_at_the_same_part_and_go_on_doing_so_with_new_pictures(grid):
    grid.show_images(images("a", "b"), {}, ["a", "b"])
    grid.panels["a"].view.set_look(Look(3, (0.4, 0.6)))
    assert grid.panels["b"].view.look == Look(3, (0.4, 0.6))
    kept = grid.panels["a"]
    grid.show_images(images("a", "b"), {}, ["a", "b"])
    assert grid.panels["a"] is kept
    grid.show_images(images("a", "b", "c"), {}, ["a", "b", "c"])
    assert grid.panels["c"].view.look == Look(3, (0.4, 0.6))


def test_the_columns_follow_the_shape_of_the_window(grid, qtbot):
    grid.show_images(images("a", "b", "c", "d"), {}, ["a", "b", "c", "d"])
    tops = {panel.y() for panel in grid.panels.values()}
    qtbot.waitUntil(lambda: len({panel.y() for panel in grid.panels.values()}) == 1)
    grid.resize(300, 600)
    qtbot.waitUntil(lambda: len({panel.y() for panel in grid.panels.values()}) >= 2)
    assert tops is not None


def test_a_wall_of_thumbnails_waits_shows_and_fails(qtbot):
    wall = ThumbnailWall("Sample")
    qtbot.addWidget(wall)
    wall.resize(200, 100)
    wall.show()
    wall.show_waiting(10)
    assert wall.heightForWidth(200) > wall.heightForWidth(100)
    wall.show_pictures([to_image(np.zeros((4, 8, 3), np.uint8))], ["a.png"])
    assert len(wall.pictures) == 1
    wall.grab()
    wall.show_failed("The folder is gone.")
    assert wall.accessibleDescription() == "The folder is gone."
    wall.grab()
