"""Finds room for something that lies over a page, where it covers least of what a person clicks."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QSlider,
    QTabBar,
    QWidget,
)

STEP = 8
SMALL_CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QTabBar)
CONTROL_WEIGHT, PLACE_WEIGHT = 100.0, 1.0

Obstacle = tuple[QRect, float]
"""A rectangle, and how bad it is to cover a pixel of it."""


def obstacles_on(over: QWidget, besides: QWidget) -> list[Obstacle]:
    """What a person clicks or types into on a widget: controls above all, then lists, charts and texts.

    Args:
        over: The widget that is looked at; rectangles are in its coordinates.
        besides: Its child that is to be placed, left out with all it holds.
    """
    found: list[Obstacle] = []
    for widget in over.findChildren(QWidget):
        if not widget.isVisible() or widget is besides or besides.isAncestorOf(widget):
            continue
        is_control = isinstance(widget, SMALL_CONTROLS)
        if not is_control and not (widget.focusPolicy().value and widget.focusProxy() is None):
            continue
        seen = widget.visibleRegion().boundingRect()
        if not seen.isEmpty():
            place = QRect(widget.mapTo(over, seen.topLeft()), seen.size())
            found.append((place, CONTROL_WEIGHT if is_control else PLACE_WEIGHT))
    return found


def free_place(room: QRect, size: QSize, obstacles: Sequence[Obstacle]) -> QPoint:
    """The place where a rectangle covers least; of equally good ones the one nearest to the lower right.

    Args:
        room: Where the rectangle must lie.
        size: Of the rectangle.
        obstacles: What should not be covered.

    Returns:
        Its upper left corner; the lower right of the room where it is larger than that.
    """
    usual = QPoint(room.right() + 1 - size.width(), room.bottom() + 1 - size.height())
    xs = np.arange(usual.x(), room.left() - 1, -STEP)
    ys = np.arange(usual.y(), room.top() - 1, -STEP)
    if not len(xs) or not len(ys):
        return usual
    covered = np.zeros((len(ys), len(xs)))
    for rect, weight in obstacles:
        across = np.minimum(xs + size.width(), rect.right() + 1) - np.maximum(xs, rect.left())
        down = np.minimum(ys + size.height(), rect.bottom() + 1) - np.maximum(ys, rect.top())
        covered += weight * np.maximum(down, 0)[:, None] * np.maximum(across, 0)[None, :]
    away = np.hypot((usual.y() - ys)[:, None], (usual.x() - xs)[None, :])
    row, column = np.unravel_index(np.lexsort((away.ravel(), covered.ravel()))[0], covered.shape)
    return QPoint(int(xs[column]), int(ys[row]))
