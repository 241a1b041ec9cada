"""Three columns side by side, each as wide as the person wants it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QWidget

LEAST_WIDTHS = (236, 284, 276)
USUAL_WIDTHS = (320, 400, 480)
STRETCHES = (2, 3, 4)


def make_columns(panels: tuple[QWidget, QWidget, QWidget]) -> QScrollArea:
    """Put three panels side by side; a window narrower than they are scrolls sideways instead of cutting them.

    Args:
        panels: From left to right; each scrolls or stretches by itself.
    """
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.setObjectName("new_run_columns")
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(12)
    for column, panel in enumerate(panels):
        panel.setMinimumWidth(LEAST_WIDTHS[column])
        splitter.addWidget(panel)
        splitter.setStretchFactor(column, STRETCHES[column])
    splitter.setSizes(list(USUAL_WIDTHS))
    wide = _bare_scroll_area(splitter)
    wide.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return wide


def scrolled(panel: QWidget) -> QScrollArea:
    """A panel that scrolls up and down only."""
    content = QWidget()
    content.setObjectName("scroll_content")
    layout = QHBoxLayout(content)
    layout.setContentsMargins(0, 0, 8, 0)
    layout.addWidget(panel)
    scroll = _bare_scroll_area(content)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll


def _bare_scroll_area(content: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setWidget(content)
    return scroll
