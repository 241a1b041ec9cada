"""Pictures side by side under their titles, looking at the same part together."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from superqt import QElidingLabel
from typing_extensions import override

from studio.theme import set_role
from studio.viewers.picture_view import Look, PictureView
from studio.widgets.plain_text import set_tip
from studio.widgets.removal import retire

SPACING = 8
CAPTION_GAP = 4
WHOLE_ROWS_WORTH = 0.8
LEAST_SIDE = 112
"""Pixels of a map that can be read well: where there is no room for them the page scrolls."""


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
        self.title = QElidingLabel(title, self)
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        set_role(self.title, "muted")
        self.view = PictureView(title, self)
        self.view.setObjectName(f"picture.{name}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(CAPTION_GAP)
        layout.addWidget(self.title)
        layout.addWidget(self.view, 1)

    @property
    def caption_height(self) -> int:
        """Pixels that the title takes."""
        return self.fontMetrics().height() + CAPTION_GAP

    def set_title(self, title: str) -> None:
        """Show another title."""
        self.title.setText(title)
        set_tip(self.title, title)
        self.view.set_title(title)


class PictureGrid(QWidget):
    """Arranges panels in as many columns as make the pictures largest, with what belongs to them right below.

    Args:
        footer: A widget that follows the pictures, such as their legend.
        parent: Qt owner.
    """

    failed = Signal(str)
    rearranged = Signal()

    def __init__(self, footer: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panels: dict[str, PicturePanel] = {}
        self._footer = footer
        if footer is not None:
            footer.setParent(self)

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
            self.rearranged.emit()
        for name in names:
            self._panels[name].set_title(titles.get(name, name))
            self._panels[name].view.set_image(images[name])
        self._place()

    def _least_height(self) -> int:
        """Pixels that pictures of a size one can read take, in as many columns as have room."""
        if not self._panels:
            return 0
        columns = min(max(int((self.width() + SPACING) // (LEAST_SIDE + SPACING)), 1), len(self._panels))
        rows = -(-len(self._panels) // columns)
        return rows * (LEAST_SIDE + self._caption() + SPACING) + self._footer_height()

    def unused_height(self, height: float) -> float:
        """Pixels that would stay empty below the pictures and the footer if the grid were so high."""
        count, caption = max(len(self._panels), 1), self._caption()
        room = height - self._footer_height()
        columns = best_columns(count, self.width(), room, caption)
        rows = -(-count // columns)
        return room - rows * (_side(count, columns, self.width(), room, caption) + caption + SPACING)

    def clear(self) -> None:
        """Show nothing."""
        self._make_panels([], {})
        self._place()

    @override
    def sizeHint(self) -> QSize:
        """Room for pictures of a modest size."""
        return QSize(640, 320)

    @override
    def minimumSizeHint(self) -> QSize:
        """Room for one small row."""
        return QSize(160, 120)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rearrange."""
        super().resizeEvent(event)
        self._place()

    @override
    def event(self, event: QEvent) -> bool:
        """Rearrange when the footer needs more or less room."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _make_panels(self, names: list[str], titles: Mapping[str, str]) -> None:
        look = next((panel.view.look for panel in self._panels.values()), Look())
        removed = list(self._panels.values())
        self._panels = {name: PicturePanel(name, titles.get(name, name), self) for name in names}
        for panel in self._panels.values():
            panel.view.set_look(look)
            panel.view.look_changed.connect(self._on_look)
            panel.view.failed.connect(self.failed)
            panel.show()
        retire(removed)

    def _on_look(self, look: Look) -> None:
        for panel in self._panels.values():
            panel.view.set_look(look)

    def _place(self) -> None:
        if self.minimumHeight() != (least := self._least_height()):
            self.setMinimumHeight(least)
        below = self._footer_height()
        height = self.height() - below
        caption = self._caption()
        columns = best_columns(len(self._panels), self.width(), height, caption)
        side = _side(len(self._panels), columns, self.width(), height, caption)
        width = (self.width() - SPACING * (columns - 1)) / columns
        for number, panel in enumerate(self._panels.values()):
            row, column = divmod(number, columns)
            x, y = column * (width + SPACING), row * (side + caption + SPACING)
            panel.setGeometry(round(x), round(y), round(width), round(side + caption))
        if self._footer is not None:
            rows = -(-len(self._panels) // columns)
            self._footer.setGeometry(0, round(rows * (side + caption + SPACING)), self.width(), below)

    def _caption(self) -> int:
        return max((panel.caption_height for panel in self._panels.values()), default=0)

    def _footer_height(self) -> int:
        if self._footer is None or self._footer.isHidden():
            return 0
        layout = self._footer.layout()
        has_lines = layout is not None and layout.hasHeightForWidth()
        return (
            layout.heightForWidth(self.width()) if layout and has_lines else self._footer.sizeHint().height()
        )


def best_columns(count: int, width: float, height: float, caption: float) -> int:
    """Columns that make ``count`` square pictures largest; whole rows are worth a little size.

    Args:
        count: Pictures.
        width: Pixels there are.
        height: Pixels there are.
        caption: Height of a title.
    """
    sides = {
        columns: _side(count, columns, width, height, caption) for columns in range(1, max(count, 1) + 1)
    }
    good = [columns for columns, side in sides.items() if side >= WHOLE_ROWS_WORTH * max(sides.values())]
    return max(good, key=lambda columns: (count % columns == 0, round(sides[columns]), columns))


def _side(count: int, columns: int, width: float, height: float, caption: float) -> float:
    """Side of the largest squares in so many columns; never negative."""
    rows = max(-(-count // columns), 1)
    across = (width - SPACING * (columns - 1)) / columns
    down = (height - SPACING * rows) / rows - caption
    return max(min(across, down), 0.0)
