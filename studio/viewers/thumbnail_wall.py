"""A few small pictures side by side, as many columns as fit."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from studio.theme import color
from studio.widgets.plain_text import show_tip, shown

COLUMNS = 5
GAP = 4


class ThumbnailWall(QWidget):
    """Paints a handful of thumbnails; grey tiles while they are awaited, a sentence when they cannot come.

    Args:
        title: What they are, for screen readers.
        parent: Qt owner.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("thumbnail_wall")
        self.setAccessibleName(title)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._pictures: list[QImage] = []
        self._names: list[str] = []
        self._num_waiting = 0
        self._sentence = ""

    @property
    def pictures(self) -> list[QImage]:
        """What is shown."""
        return list(self._pictures)

    def show_waiting(self, number: int) -> None:
        """Show empty tiles for so many pictures."""
        self._set([], [], number, "")

    def show_pictures(self, pictures: list[QImage], names: list[str]) -> None:
        """Show pictures; a name appears under the pointer."""
        self._set(pictures, names, 0, "")

    def show_failed(self, sentence: str) -> None:
        """Say why there are no pictures."""
        self._set([], [], 0, sentence)

    @override
    def sizeHint(self) -> QSize:
        """As high as the tiles need at a usual width."""
        return QSize(260, self.heightForWidth(260))

    @override
    def heightForWidth(self, width: int) -> int:
        """Rows of square tiles."""
        rows = -(-self._count() // COLUMNS)
        if not rows:
            return self.fontMetrics().lineSpacing() * 3
        return round(rows * (self._side(width) + GAP) - GAP)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw tiles."""
        painter = QPainter(self)
        if self._sentence:
            painter.setPen(color("muted"))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._sentence)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for number in range(self._count()):
            tile = self._tile(number)
            if number < len(self._pictures):
                painter.drawImage(tile, self._pictures[number], _square_of(self._pictures[number]))
            else:
                painter.fillRect(tile, color("line"))

    @override
    def event(self, event: object) -> bool:
        """Name the picture under the pointer."""
        if isinstance(event, QHelpEvent):
            for number, name in enumerate(self._names[: len(self._pictures)]):
                if self._tile(number).contains(event.pos().toPointF()):
                    show_tip(event.globalPos(), name, self)
                    return True
        return super().event(event)  # type: ignore[arg-type]

    def _set(self, pictures: list[QImage], names: list[str], waiting: int, sentence: str) -> None:
        self._pictures, self._names, self._num_waiting, self._sentence = (
            pictures,
            names,
            waiting,
            shown(sentence),
        )
        self.setAccessibleDescription(self._sentence or f"{len(pictures)} pictures")
        self.updateGeometry()
        self.update()

    def _count(self) -> int:
        return len(self._pictures) or self._num_waiting

    def _side(self, width: int) -> float:
        return (width - GAP * (COLUMNS - 1)) / COLUMNS

    def _tile(self, number: int) -> QRectF:
        side = self._side(self.width())
        row, column = divmod(number, COLUMNS)
        return QRectF(column * (side + GAP), row * (side + GAP), side, side)


def _square_of(picture: QImage) -> QRectF:
    """The largest square in the middle of a picture."""
    side = min(picture.width(), picture.height())
    return QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)
