"""A label that shows an icon of the theme and follows its changes."""

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QWidget
from typing_extensions import override

from studio import theme
from studio.widgets.plain_text import set_tip, shown


class IconLabel(QLabel):
    """An icon that says something; it has an accessible name because a picture alone does not.

    Args:
        stem: Drawing in ``resources/icons``.
        means: What it says, in words.
        token: Colour token.
        size: Pixels.
        parent: Qt owner.
    """

    def __init__(
        self,
        stem: str,
        means: str,
        token: str = "muted",
        size: int = theme.ICON_SIZE,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._stem, self._token, self._size = stem, token, size
        self.setFixedSize(size, size)
        self.show_icon(stem, means, token)

    def show_icon(self, stem: str, means: str, token: str) -> None:
        """Show another icon."""
        self._stem, self._token = stem, token
        self.setAccessibleName(shown(means))
        set_tip(self, means)
        self._draw()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._draw()

    def _draw(self) -> None:
        self.setPixmap(theme.pixmap(self._stem, self._token, self._size, self.devicePixelRatioF()))
