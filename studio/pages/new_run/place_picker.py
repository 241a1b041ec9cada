"""Chooses where pictures come from: dropped, browsed, recent, or built in."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from engine.store import Dataset
from studio import wording
from studio.widgets.buttons import make_button
from studio.widgets.choice_box import ChoiceBox
from studio.widgets.file_dialog import ask_file, ask_folder
from studio.widgets.plain_text import shown

BUILT_IN = (
    ("Shapes", "builtin:shapes", "Drawn shapes with labels"),
    ("Digits", "builtin:digits", "Handwritten digits"),
)
LIST_FILTER = "Picture lists (*.csv *.tsv *.txt);;All files (*)"


class PlacePicker(QWidget):
    """Buttons and a list of recent data sets; dropping is the page's part.

    Args:
        parent: Qt owner.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("place_picker")
        self.recent = ChoiceBox(self)
        self.recent.setObjectName("recent_datasets")
        self.recent.setAccessibleName("Recent data sets")
        self.recent.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.recent.activated.connect(self._on_recent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._buttons())
        layout.addWidget(self.recent)
        self.set_recent([], "")

    def set_recent(self, datasets: list[Dataset], location: str) -> None:
        """Offer the data sets that were scanned, and mark the one in use."""
        self.recent.clear()
        self.recent.addItem("Recent data sets…" if datasets else "No recent data sets", "")
        seen: set[str] = set()
        for dataset in datasets:
            if dataset.location not in seen:
                seen.add(dataset.location)
                name = shown(wording.shortened(dataset.name))
                self.recent.addItem(f"{name} · {wording.count(dataset.num_pictures)}", dataset.location)
        self.recent.setCurrentIndex(max(self.recent.findData(location), 0))
        self.recent.setEnabled(bool(datasets))

    def _buttons(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        folder = make_button(
            "Folder…", "browse_folder", self._on_folder, icon="folder", tip="Choose a folder"
        )
        listed = make_button(
            "List…", "browse_list", self._on_list, icon="table", tip="Choose a CSV or TSV list"
        )
        grid.addWidget(folder, 0, 0)
        grid.addWidget(listed, 0, 1)
        for column, (title, location, tip) in enumerate(BUILT_IN):
            name = f"use_{location.replace(':', '_')}"
            button = make_button(title, name, partial(self.chosen.emit, location), icon="data", tip=tip)
            grid.addWidget(button, 1, column)
        self.setFocusProxy(folder)
        return grid

    def _on_recent(self, index: int) -> None:
        location = self.recent.itemData(index)
        if location:
            self.chosen.emit(location)

    def _on_folder(self) -> None:
        folder = ask_folder(self, "Choose a folder of pictures", "pictures")
        if folder:
            self.chosen.emit(folder)

    def _on_list(self) -> None:
        file = ask_file(self, "Choose a list of pictures", "list", LIST_FILTER)
        if file:
            self.chosen.emit(file)
