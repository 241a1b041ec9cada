"""Charts beside log, alarms and details; in a narrow window all four are tabs, each as wide as the page."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget
from typing_extensions import override

NARROW = 640
CHARTS = "Charts"


class Bench(QWidget):
    """Shares the room below the header of a run.

    Args:
        charts: The panel that gets most of it.
        panels: Title -> the others, in the order of their tabs.
        parent: Qt owner.
    """

    def __init__(self, charts: QWidget, panels: dict[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run_bench")
        self._charts = charts
        self._is_narrow = False
        self.tabs = QTabWidget()
        self.tabs.setObjectName("run_tabs")
        self.tabs.setAccessibleName("Log, alarms, details")
        for title, panel in panels.items():
            self.tabs.addTab(panel, title)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setObjectName("run_split")
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(12)
        self._split.addWidget(charts)
        self._split.addWidget(self.tabs)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([780, 360])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._split)

    @property
    def is_narrow(self) -> bool:
        """Whether the charts are a tab too."""
        return self._is_narrow

    def open(self, panel: QWidget) -> None:
        """Bring a panel into sight."""
        if self.tabs.indexOf(panel) >= 0:
            self.tabs.setCurrentWidget(panel)

    @override
    def minimumSizeHint(self) -> QSize:
        """As wide as the tabs are one by one: side by side they stand only where there is room."""
        return QSize(self.tabs.minimumSizeHint().width(), super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (is_narrow := self.width() < NARROW) != self._is_narrow:
            self._is_narrow = is_narrow
            self._rearrange()

    def _rearrange(self) -> None:
        if self._is_narrow:
            self.tabs.insertTab(0, self._charts, CHARTS)
            self.tabs.setCurrentIndex(0)
        else:
            self._split.insertWidget(0, self._charts)
            self._split.setSizes([2 * self.width(), self.width()])
        self._charts.show()
