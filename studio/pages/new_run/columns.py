"""Three columns side by side, each as wide as the person wants it; in a narrow window one at a time, as tabs.

What must be reached at any size, such as the button that starts, is a foot: below the last column where there is room
for three, below them all where there is not.
"""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QTabBar, QVBoxLayout, QWidget
from typing_extensions import override

LEAST_WIDTHS = (236, 284, 276)
USUAL_WIDTHS = (320, 400, 480)
STRETCHES = (2, 3, 4)
HANDLE = 12
NARROW = sum(LEAST_WIDTHS) + 2 * HANDLE


class Columns(QWidget):
    """Holds three panels.

    Args:
        panels: Title of the tab -> panel, from left to right; each scrolls or stretches by itself.
        parent: Qt owner.
    """

    narrowed = Signal(bool)
    """Whether one panel at a time is in sight now."""

    def __init__(self, panels: dict[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("new_run_body")
        self._panels = list(panels.values())
        self._is_narrow = False
        self.bar = QTabBar()
        self.bar.setObjectName("new_run_tabs")
        self.bar.setAccessibleName("Parts of the new run")
        self.bar.setExpanding(False)
        for title in panels:
            self.bar.addTab(title)
        self.bar.hide()
        self.bar.currentChanged.connect(lambda _place: self._show_panels())
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setObjectName("new_run_columns")
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(HANDLE)
        for column, panel in enumerate(self._panels):
            panel.setMinimumWidth(LEAST_WIDTHS[column])
            self._splitter.addWidget(panel)
            self._splitter.setStretchFactor(column, STRETCHES[column])
        self._splitter.setSizes(list(USUAL_WIDTHS))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self.bar)
        self._column.addWidget(self._splitter, 1)

    @property
    def is_narrow(self) -> bool:
        """Whether one panel at a time is in sight."""
        return self._is_narrow

    def add_foot(self, foot: QWidget) -> None:
        """Take a foot below the panels."""
        self._column.addWidget(foot)

    def reveal(self, place: int) -> None:
        """Bring a panel into sight."""
        self.bar.setCurrentIndex(place)

    @override
    def minimumSizeHint(self) -> QSize:
        """As wide as the widest panel: side by side they stand only where there is room."""
        return QSize(max(LEAST_WIDTHS), super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (is_narrow := self.width() < NARROW) != self._is_narrow:
            self._is_narrow = is_narrow
            self.bar.setVisible(is_narrow)
            self._show_panels()
            self.narrowed.emit(is_narrow)

    def _show_panels(self) -> None:
        for place, panel in enumerate(self._panels):
            panel.setVisible(not self._is_narrow or place == self.bar.currentIndex())


def scrolled(panel: QWidget) -> QScrollArea:
    """A panel that scrolls up and down only."""
    content = QWidget()
    content.setObjectName("scroll_content")
    layout = QHBoxLayout(content)
    layout.setContentsMargins(0, 0, 8, 0)
    layout.addWidget(panel)
    scroll = QScrollArea()
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(content)
    return scroll
