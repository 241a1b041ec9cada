"""A row of small pictures to choose one from."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QSizePolicy, QWidget
from typing_extensions import override

from studio.widgets.plain_text import set_tip, shown

THUMBNAIL_PX, SMALL_PX = 64, 40
MARGIN = 12
CELL_PX = THUMBNAIL_PX + MARGIN
SCROLL_BAR_PX = 20
# A very long picture stays in sight, and Qt draws none that has no height.
THINNEST = QSize(4, 4)
KEY_ROLE = Qt.ItemDataRole.UserRole


class PictureStrip(QListView):
    """Thumbnails from left to right; emits ``chosen`` with the key of the picture that is chosen by mouse or keys.

    Args:
        title: What they are, for screen readers.
        parent: Qt owner.
    """

    chosen = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture_strip")
        self.setAccessibleName(title)
        self._items = QStandardItemModel(self)
        self.setModel(self._items)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        self.setGridSize(QSize(CELL_PX, CELL_PX))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._rows = 0
        self._is_small = False
        self.set_rows(1)
        self.selectionModel().currentChanged.connect(self._on_current)

    @property
    def keys(self) -> list[object]:
        """Keys of the pictures, left to right."""
        return [self._items.item(row).data(KEY_ROLE) for row in range(self._items.rowCount())]

    @property
    def current(self) -> object | None:
        """Key of the chosen picture."""
        index = self.currentIndex()
        return index.data(KEY_ROLE) if index.isValid() else None

    @property
    def rows(self) -> int:
        """Rows in sight."""
        return self._rows

    def set_rows(self, rows: int) -> None:
        """Show so many rows: one scrolls sideways, more of them scroll down."""
        if rows == self._rows:
            return
        self._rows = rows
        self.setWrapping(rows > 1)
        off, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setHorizontalScrollBarPolicy(off if rows > 1 else needed)
        self.setVerticalScrollBarPolicy(needed if rows > 1 else off)
        self.setMaximumHeight(self._height())
        self.updateGeometry()

    def set_small(self, is_small: bool) -> None:
        """Show smaller pictures, where the window is low."""
        if is_small == self._is_small:
            return
        self._is_small = is_small
        side = SMALL_PX if is_small else THUMBNAIL_PX
        self.setIconSize(QSize(side, side))
        self.setGridSize(QSize(side + MARGIN, side + MARGIN))
        self.setMaximumHeight(self._height())
        self.updateGeometry()

    def _height(self) -> int:
        return height_of(self._rows) - (THUMBNAIL_PX - SMALL_PX if self._is_small else 0)

    @override
    def sizeHint(self) -> QSize:
        """The rows in sight."""
        return QSize(super().sizeHint().width(), self._height())

    @override
    def minimumSizeHint(self) -> QSize:
        """One row: more of them must not keep a window from getting smaller."""
        return QSize(CELL_PX, self._height() if self._is_small else height_of(1))

    def show_pictures(self, keys: Sequence[object], images: Sequence[QImage], tips: Sequence[str]) -> None:
        """Show other pictures; the chosen one stays chosen where it is still there, without a signal."""
        before = self.current
        self.selectionModel().blockSignals(True)
        self._items.clear()
        for key, image, tip in zip(keys, images, tips, strict=True):
            self._items.appendRow(self._item(key, image, tip))
        self.selectionModel().blockSignals(False)
        if before in self.keys:
            self.mark(before)

    def put_first(self, key: object, image: QImage, tip: str) -> None:
        """Add a picture at the left end, once."""
        if key not in self.keys:
            self._items.insertRow(0, self._item(key, image, tip))

    def mark(self, key: object) -> None:
        """Show a picture as chosen, without a signal."""
        if key in self.keys:
            index = self._items.index(self.keys.index(key), 0)
            self.selectionModel().blockSignals(True)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.selectionModel().blockSignals(False)
            self.scrollTo(index)
            self.viewport().update()

    def _item(self, key: object, image: QImage, tip: str) -> QStandardItem:
        item = QStandardItem()
        item.setData(key, KEY_ROLE)
        item.setIcon(QIcon(QPixmap.fromImage(_fitted(image))))
        set_tip(item, tip)
        item.setData(shown(tip), Qt.ItemDataRole.AccessibleTextRole)
        return item

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(KEY_ROLE))


def height_of(rows: int) -> int:
    """Height of a strip with so many rows."""
    return rows * CELL_PX + SCROLL_BAR_PX


def _fitted(image: QImage) -> QImage:
    """A picture in the strip's size: small ones are enlarged pixel by pixel, so that they are seen at all."""
    if image.isNull():
        return image
    is_small = max(image.width(), image.height()) < THUMBNAIL_PX
    mode = (
        Qt.TransformationMode.FastTransformation if is_small else Qt.TransformationMode.SmoothTransformation
    )
    room = QSize(2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX)
    size = image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(THINNEST)
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
