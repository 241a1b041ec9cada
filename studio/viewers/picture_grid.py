"""Pictures side by side under their titles, looking at the same part together."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from studio.theme import set_role
from studio.viewers.picture_view import Look, PictureView

SPACING = 8
WHOLE_ROWS_WORTH = 0.8


class PicturePanel(QWidget):
    """A picture under its title.

    Args:
        name: Name of the picture in a reply, part of the object's name.
        title: Title shown.
        parent: Qt owner.
    """

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.title = QLabel(title, self)
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        set_role(self.title, "muted")
        self.view = PictureView(title, self)
        self.view.setObjectName(f"picture.{name}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.view, 1)

    def set_title(self, title: str) -> None:
        """Show another title."""
        self.title.setText(title)
        self.view.set_title(title)


class PictureGrid(QWidget):
    """Arranges panels in as many columns as make the pictures largest.

    Args:
        parent: Qt owner.
    """

    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panels: dict[str, PicturePanel] = {}
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING)

    @property
    def panels(self) -> dict[str, PicturePanel]:
        """The panels by name, in the order shown."""
        return dict(self._panels)

    def show_images(
        self, images: Mapping[str, QImage], titles: Mapping[str, str], order: Sequence[str]
    ) -> None:
        """Show pictures, keeping the panels (and what part they look at) that are there already.

        Args:
            images: Picture by name.
            titles: Title by name; a name without one is shown as it is.
            order: Names to show, in order; names without a picture are left out.
        """
        names = [name for name in order if name in images]
        if names != list(self._panels):
            self._make_panels(names, titles)
        for name in names:
            self._panels[name].set_title(titles.get(name, name))
            self._panels[name].view.set_image(images[name])
        if self._columns != self._best_columns():
            self._place()

    def clear(self) -> None:
        """Show nothing."""
        self._make_panels([], {})

    @override
    def minimumSizeHint(self) -> QSize:
        """Room for one small row."""
        return QSize(160, 120)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rearrange when another number of columns makes the pictures larger."""
        super().resizeEvent(event)
        if self._columns != self._best_columns():
            self._place()

    def _make_panels(self, names: list[str], titles: Mapping[str, str]) -> None:
        look = next((panel.view.look for panel in self._panels.values()), Look())
        for panel in self._panels.values():
            self._grid.removeWidget(panel)
            panel.hide()
            panel.deleteLater()
        self._panels = {name: PicturePanel(name, titles.get(name, name), self) for name in names}
        for panel in self._panels.values():
            panel.view.set_look(look)
            panel.view.look_changed.connect(self._on_look)
            panel.view.failed.connect(self.failed)
        self._columns = 0
        if names:
            self._place()

    def _on_look(self, look: Look) -> None:
        for panel in self._panels.values():
            panel.view.set_look(look)

    def _best_columns(self) -> int:
        count = max(len(self._panels), 1)
        caption = self.fontMetrics().height() + 4

        def side(columns: int) -> float:
            rows = -(-count // columns)
            width = (self.width() - SPACING * (columns - 1)) / columns
            return min(width, (self.height() - SPACING * (rows - 1)) / rows - caption)

        largest = max(side(columns) for columns in range(1, count + 1))
        # Whole rows are worth a little size.
        good = [columns for columns in range(1, count + 1) if side(columns) >= WHOLE_ROWS_WORTH * largest]
        return max(good, key=lambda columns: (count % columns == 0, round(side(columns)), columns))

    def _place(self) -> None:
        self._columns = self._best_columns()
        for number, panel in enumerate(self._panels.values()):
            self._grid.removeWidget(panel)
            self._grid.addWidget(panel, number // self._columns, number % self._columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < self._columns else 0)
