"""The first column: pictures and method. It scans what is chosen and holds the data set."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.store import Dataset, find_dataset, list_datasets
from studio.context import StudioContext
from studio.pages.new_run.data_card import DataCard
from studio.pages.new_run.method_cards import MethodCards
from studio.pages.new_run.place_picker import PlacePicker
from studio.widgets.labels import make_label


class SourcePanel(QWidget):
    """Chooses pictures and a method.

    Args:
        context: Store, scanner, inspector and catalogue.
        parent: Qt owner.
    """

    dataset_changed = Signal()
    method_chosen = Signal(str)

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("source_panel")
        self._context = context
        self._kind, self._channels = "auto", 3
        self.location = ""
        self.dataset: Dataset | None = None
        self.picker = PlacePicker(self)
        self.card = DataCard(context.inspector, self)
        self.methods = MethodCards(context.catalogue.methods, self)
        self._lay_out()
        self._connect()
        self._refresh_recent()

    def choose(self, location: str, *, fresh: bool = False) -> None:
        """Take pictures from a place: at once where it was scanned before, else after a scan.

        Args:
            location: Folder, list, or built-in set.
            fresh: Scan even when a scan is known.
        """
        known = None if fresh else find_dataset(self._context.store, location)
        self.location = location
        if known is not None and self._fits(known):
            self._context.scanner.cancel()
            self._take(known)
            return
        self.dataset = None
        self.card.show_scanning(location)
        self._refresh_recent()
        self.dataset_changed.emit()
        self._context.scanner.scan(location, self._kind, self._channels)

    def forget(self) -> None:
        """Choose nothing."""
        self._context.scanner.cancel()
        self.location = ""
        self.dataset = None
        self.card.show_empty()
        self._refresh_recent()
        self.dataset_changed.emit()

    def read_as(self, kind: str, channels: int) -> None:
        """Read the pictures in another layout or colour; scans again where that matters."""
        if (kind, channels) == (self._kind, self._channels):
            return
        self._kind, self._channels = kind, channels
        if self.location and (self.dataset is None or not self._fits(self.dataset)):
            self.choose(self.location)

    def _fits(self, dataset: Dataset) -> bool:
        return dataset.channels == self._channels and self._kind in ("auto", dataset.kind)

    def _take(self, dataset: Dataset) -> None:
        self.dataset = dataset
        # The scan says the place in full; runs are to name it so.
        self.location = dataset.location
        self.card.show_dataset(dataset)
        self._refresh_recent()
        self.dataset_changed.emit()

    def _refresh_recent(self) -> None:
        self.picker.set_recent(list_datasets(self._context.store), self.location)

    def _connect(self) -> None:
        scanner = self._context.scanner
        scanner.progress.connect(self._on_progress)
        scanner.finished.connect(self._on_finished)
        scanner.failed.connect(self._on_failed)
        self._context.watch.datasets_changed.connect(self._refresh_recent)
        self.picker.chosen.connect(self.choose)
        self.card.cancel_pressed.connect(self.forget)
        self.card.rescan_pressed.connect(lambda: self.choose(self.location, fresh=True))
        self.methods.chosen.connect(self.method_chosen)

    def _on_progress(self, progress: dict[str, Any]) -> None:
        if self._is_mine():
            self.card.show_progress(progress)

    def _on_finished(self, dataset: Dataset) -> None:
        if self._is_mine():
            self._take(dataset)

    def _on_failed(self, sentence: str, fix: str) -> None:
        if self._is_mine():
            self.card.show_failed(sentence, fix)
            self.dataset_changed.emit()

    def _is_mine(self) -> bool:
        """True when the scan that speaks is the one this page asked for and still waits for."""
        return self.card.state == "scanning" and self._context.scanner.location == self.location

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(make_label("Pictures", "pictures_heading", "section"))
        layout.addWidget(self.picker)
        layout.addWidget(self.card)
        layout.addSpacing(8)
        layout.addWidget(make_label("Method", "method_heading", "section"))
        layout.addWidget(self.methods)
        layout.addStretch(1)
