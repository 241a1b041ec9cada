"""The legend of a chart, which is also where the crosshair's values are read."""

from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from studio import theme
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip
from studio.widgets.removal import retire


class LegendEntry(QWidget):
    """A swatch, a name, a value.

    Args:
        title: Name of the series.
        parent: Qt owner.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.setObjectName("legend_entry")
        self.setAccessibleName(title)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._swatch = QLabel()
        self._swatch.setAccessibleName(f"Colour of {title}")
        self._name = make_label(title, "legend_name", "small")
        self.value = make_label("", "legend_value", "tile")
        for widget in (self._swatch, self._name, self.value):
            row.addWidget(widget)

    def show_color(self, color: QColor) -> None:
        """Show the colour of the series."""
        picture = QPixmap(8, 8)
        picture.fill(color)
        self._swatch.setPixmap(picture)

    def show_value(self, text: str, tip: str) -> None:
        """Show a value, with the rest on hover."""
        self.value.setText(text)
        set_tip(self.value, tip)
        self.setAccessibleName(f"{self._title}: {text}")


class LegendRow(QWidget):
    """One entry a series, and where the crosshair stands.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("legend")
        self.setAccessibleName("Legend")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.entries: dict[str, LegendEntry] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        self.place = make_label("", "legend_place", "small")
        self._row.addStretch(1)
        self._row.addWidget(self.place)

    def set_series(self, titles: dict[str, str]) -> None:
        """Make an entry for each series.

        Args:
            titles: Key -> title, in order.
        """
        removed, self.entries = self.entries, {key: LegendEntry(title) for key, title in titles.items()}
        retire(removed.values())
        for number, entry in enumerate(self.entries.values()):
            self._row.insertWidget(number, entry)

    def say_place(self, text: str, is_crosshair: bool) -> None:
        """Say which step the values belong to."""
        self.place.setText(text)
        theme.set_role(self.place, "tile" if is_crosshair else "small")
