"""A picture that can be zoomed, moved, copied and saved; pixels stay pixels when they are enlarged."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget
from typing_extensions import override

from studio.theme import color
from studio.widgets.file_dialog import ask_new_file
from studio.widgets.plain_text import set_tip

MOST_ZOOM = 64.0
WHEEL_STEP = 1.25
KEY_STEP = 40.0


@dataclass(frozen=True)
class Look:
    """What part of a picture is seen.

    Args:
        zoom: 1 fits the picture into the widget.
        centre: Point of the picture in the middle of the widget, each coordinate 0..1.
    """

    zoom: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)


class PictureView(QWidget):
    """Shows one picture.

    Wheel or + and - zoom at the pointer, dragging or the arrow keys move, a double click or 0 fits again,
    Ctrl+C copies.

    Args:
        title: What the picture is, for screen readers and the name of a saved file.
        parent: Qt owner.
    """

    look_changed = Signal(object)
    failed = Signal(str)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._look = Look()
        self._grip: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(64, 64)
        self.set_title(title)
        self._make_actions()

    @property
    def image(self) -> QImage:
        """The picture shown, in its own size; null when there is none."""
        return self._image

    @property
    def look(self) -> Look:
        """What part is seen."""
        return self._look

    def set_title(self, title: str) -> None:
        """Name the picture."""
        self._title = title
        self.setAccessibleName(title)

    def set_image(self, image: QImage) -> None:
        """Show another picture; the same part stays in sight."""
        self._image = image
        size = f"{image.width()} x {image.height()} px" if not image.isNull() else "no picture"
        self.setAccessibleDescription(size)
        set_tip(
            self,
            "" if image.isNull() else f"{self._title}, {size}\nWheel zooms, drag moves, double click fits",
        )
        self.update()

    def set_look(self, look: Look) -> None:
        """See another part; emits ``look_changed`` when it differs."""
        zoom = min(max(look.zoom, 1.0), MOST_ZOOM)
        margin = 0.5 / zoom
        x, y = (min(max(value, margin), 1 - margin) for value in look.centre)
        bounded = Look(zoom, (x, y))
        if bounded != self._look:
            self._look = bounded
            self.update()
            self.look_changed.emit(bounded)

    def fit(self) -> None:
        """See the whole picture."""
        self.set_look(Look())

    def copy(self) -> None:
        """Copy the picture in its own size."""
        if not self._image.isNull():
            QGuiApplication.clipboard().setImage(self._image)

    def save(self, path: Path) -> bool:
        """Write the picture as PNG in its own size; False, and ``failed``, when it cannot be written."""
        path = path.with_suffix(".png")
        is_saved = self._image.save(str(path))
        if not is_saved:
            self.failed.emit(f"{path} cannot be written. Choose another place.")
        return is_saved

    @override
    def sizeHint(self) -> QSize:
        """A modest square."""
        return QSize(192, 192)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the part that is seen, smoothly when made smaller, pixel by pixel when enlarged."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("window"))
        if not self._image.isNull():
            painter.setClipRect(self._frame())
            target = self._target()
            is_smaller = target.width() * self.devicePixelRatioF() < 2 * self._image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smaller)
            painter.drawImage(target, self._image)
            painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(color("accent"))
            painter.drawRect(self._frame().adjusted(0, 0, -1, -1))

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        if event.angleDelta().y():
            self._zoom_at(event.position(), WHEEL_STEP ** (event.angleDelta().y() / 120))
            event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the picture."""
        if event.button() == Qt.MouseButton.LeftButton and self._look.zoom > 1:
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the picture with the pointer."""
        if self._grip is not None:
            self._move_by(event.position() - self._grip)
            self._grip = event.position()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the picture."""
        self._grip = None
        self.unsetCursor()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit again."""
        self.fit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, move and fit by keys."""
        middle = self._frame().center()
        moves = {
            Qt.Key.Key_Left: QPointF(KEY_STEP, 0),
            Qt.Key.Key_Right: QPointF(-KEY_STEP, 0),
            Qt.Key.Key_Up: QPointF(0, KEY_STEP),
            Qt.Key.Key_Down: QPointF(0, -KEY_STEP),
        }
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom_at(middle, WHEEL_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self._zoom_at(middle, 1 / WHEEL_STEP)
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        elif event.key() in moves and self._look.zoom > 1:
            self._move_by(moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy, save and fit."""
        menu = QMenu(self)
        menu.addActions(self.actions())
        menu.exec(event.globalPos())

    def _make_actions(self) -> None:
        copy = QAction("Copy picture", self, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        save = QAction("Save as PNG…", self)
        save.triggered.connect(self._on_save)
        fit = QAction("Fit", self)
        fit.triggered.connect(self.fit)
        self.addActions([copy, save, fit])

    def _on_save(self) -> None:
        suggested = f"{self._title.lower().replace(' ', '-')}.png"
        path = ask_new_file(self, "Save picture", "picture", suggested, "PNG (*.png)")
        if path:
            self.save(Path(path))

    def _frame(self) -> QRectF:
        """Where the fitted picture lies: as large as it goes, below its title; a zoomed one stays inside."""
        if self._image.isNull():
            return QRectF(self.rect())
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - width) / 2, 0, width, height)

    def _target(self) -> QRectF:
        """Where the whole picture would lie in widget coordinates, the part that is seen inside the frame."""
        frame, zoom = self._frame(), self._look.zoom
        width, height = frame.width() * zoom, frame.height() * zoom
        x, y = self._look.centre
        return QRectF(frame.center().x() - x * width, frame.center().y() - y * height, width, height)

    def _zoom_at(self, point: QPointF, factor: float) -> None:
        if self._image.isNull():
            return
        target = self._target()
        x, y = (point.x() - target.x()) / target.width(), (point.y() - target.y()) / target.height()
        zoom = min(max(self._look.zoom * factor, 1.0), MOST_ZOOM)
        change = self._look.zoom / zoom
        centre_x, centre_y = self._look.centre
        self.set_look(Look(zoom, (x + (centre_x - x) * change, y + (centre_y - y) * change)))

    def _move_by(self, delta: QPointF) -> None:
        if self._image.isNull():
            return
        target = self._target()
        x, y = self._look.centre
        self.set_look(
            Look(self._look.zoom, (x - delta.x() / target.width(), y - delta.y() / target.height()))
        )
