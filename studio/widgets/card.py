"""A card: a framed group with a heading."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio import theme
from studio.widgets.labels import make_name_label
from studio.widgets.plain_text import shown


class Card(QFrame):
    """A framed box; put widgets into ``body`` and small buttons into ``heading_row``.

    Args:
        title: Section heading, elided where it does not fit; empty for none.
        name: Object name.
        parent: Qt owner.
    """

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(shown(title) or name.replace("_", " "))
        theme.set_role(self, "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 12, 16, 16)
        self.body.setSpacing(8)
        self.heading_row = QHBoxLayout()
        self.heading_row.setSpacing(8)
        self.heading = make_name_label(title, f"{name}_heading", "section")
        self.heading_row.addWidget(self.heading)
        self.heading_row.addStretch(1)
        self.body.addLayout(self.heading_row)
        if not title:
            self.heading.hide()
