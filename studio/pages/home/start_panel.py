"""The ways to begin: one's own pictures, the built-in ones, or weights from elsewhere."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget
from typing_extensions import override

from studio import theme
from studio.context import StudioContext
from studio.pages.home.import_card import ImportCard
from studio.widgets.buttons import make_button
from studio.widgets.card import Card
from studio.widgets.file_dialog import ask_folder
from studio.widgets.icon_label import IconLabel
from studio.widgets.labels import make_label

# The quick recipe's epochs are for a few thousand pictures; of the 1,797 digits its k-NN only dips in as many.
TRY_CHANGES = {"training.epochs": 40, "training.warmup_epochs": 2}


class StartPanel(QWidget):
    """A card that needs nothing at all, a place to drop a folder on, and a way to bring weights.

    Args:
        context: Navigation and preferences.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("start_panel")
        self.setAccessibleName("Begin")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._build_try())
        self.zone = DropZone(self._choose, self)
        column.addWidget(self.zone)
        self.imports = ImportCard(context, self)
        column.addWidget(self.imports)
        column.addStretch(1)

    def emphasise(self, is_first_time: bool) -> None:
        """Make the built-in data the page's one primary action while there is nothing else."""
        theme.set_role(self.try_button, "primary" if is_first_time else "")
        self.try_button.setIcon(theme.icon("spark", "on_accent" if is_first_time else "text"))

    def _build_try(self) -> Card:
        card = Card("Try it on built-in data", "try_card")
        card.body.addWidget(
            make_label(
                "Handwritten digits, no download. A small MAE learns on them in a few minutes: watch its k-NN dip, "
                "then rise.",
                "try_words",
                "muted",
                wraps=True,
            )
        )
        self.try_button = make_button("Try it on built-in data", "try_button", self._try, icon="spark")
        card.body.addWidget(self.try_button)
        return card

    def _try(self) -> None:
        self._context.navigate(
            "new_run", {"location": "builtin:digits", "preset": "quick", "changes": dict(TRY_CHANGES)}
        )

    def _choose(self) -> None:
        folder = ask_folder(self, "A folder of pictures", "pictures")
        if folder:
            self._context.navigate("new_run", {"location": folder})


class DropZone(QFrame):
    """Says that a folder can be dropped; the window takes the drop wherever it falls.

    Args:
        on_choose: Called by its button, for those who do not drag.
        parent: Qt owner.
    """

    def __init__(self, on_choose: object, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert callable(on_choose)
        self.setObjectName("drop_zone")
        self.setAccessibleName("Drop a folder of pictures")
        self.setAcceptDrops(True)
        self.setMinimumHeight(160)
        theme.set_role(self, "drop")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(IconLabel("drop", "Drop here", "muted", 28), 0, Qt.AlignmentFlag.AlignHCenter)
        words = make_label(
            "Drop a folder of your pictures anywhere on this window.", "drop_words", "muted", wraps=True
        )
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(words)
        button = make_button("Choose a folder…", "choose_folder", on_choose, icon="folder")
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        theme.set_role(self, "drop_active")
        # Ignored, so that the window behind takes it: a drop means the same wherever it falls.
        event.ignore()

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        theme.set_role(self, "drop")

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        theme.set_role(self, "drop")
        event.ignore()
