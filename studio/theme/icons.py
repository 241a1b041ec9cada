"""Icons: our own line drawings, coloured by the theme at the moment they are painted.

A file of ``resources/icons`` is drawn with ``currentColor``; the engine below puts the token's colour there, so an
icon follows a change of theme and a screen's pixel ratio without anyone asking it to.
"""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from typing_extensions import override

from studio.theme.appearance import color
from studio.theme.drawings import colored_drawing, drawing
from studio.theme.tokens import ICON_SIZE


@lru_cache(maxsize=256)
def _renderer(stem: str, color_name: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(colored_drawing(stem, color_name).encode()))


class _ThemedIconEngine(QIconEngine):
    """Paints one drawing in the colour of a token."""

    def __init__(self, stem: str, token: str) -> None:
        super().__init__()
        self._stem = stem
        self._token = token

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the icon into a rectangle; a disabled one in the disabled colour."""
        token = "disabled" if mode == QIcon.Mode.Disabled else self._token
        _renderer(self._stem, color(token).name()).render(painter, QRectF(rect))

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Draw the icon on a transparent pixmap of ``size`` device pixels."""
        image = QPixmap(size)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return image

    @override
    def clone(self) -> QIconEngine:
        """Copy the engine, as QIcon asks for when one icon becomes two."""
        return _ThemedIconEngine(self._stem, self._token)


def icon(stem: str, token: str = "text") -> QIcon:
    """An icon that follows the theme.

    Args:
        stem: File name in ``resources/icons`` without its ending.
        token: Colour token it is drawn in.

    Raises:
        FileNotFoundError: If there is no such drawing.
    """
    drawing(stem)
    return QIcon(_ThemedIconEngine(stem, token))


def pixmap(stem: str, token: str = "text", size: int = ICON_SIZE, ratio: float = 1.0) -> QPixmap:
    """A picture of an icon for a label; it does not follow the theme by itself.

    Args:
        stem: File name in ``resources/icons`` without its ending.
        token: Colour token.
        size: Width and height in device-independent pixels.
        ratio: The screen's pixel ratio, ``widget.devicePixelRatioF()``.
    """
    return icon(stem, token).pixmap(QSize(size, size), ratio)


def forget_drawings() -> None:
    """Let go of the drawings kept in memory; they must not outlive the application."""
    _renderer.cache_clear()
