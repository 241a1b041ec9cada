"""The chosen pictures: thumbnails, counts, health; or how far the scan is; or why it failed."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QVBoxLayout, QWidget

from engine.store import Dataset
from studio import theme, wording
from studio.live.inspector import InspectorClient, Reply
from studio.pages.new_run import health
from studio.pages.new_run.health_list import HealthList
from studio.viewers.images import to_image
from studio.viewers.thumbnail_wall import ThumbnailWall
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip

LANE = "new_run.thumbnails"
THUMBNAILS = 10
THUMBNAIL_PX = 96
BUILT_IN = "builtin:"


class DataCard(QFrame):
    """Shows one of: nothing chosen, scanning, failed, ready.

    Args:
        inspector: Draws the thumbnails.
        parent: Qt owner.
    """

    cancel_pressed = Signal()
    rescan_pressed = Signal()

    def __init__(self, inspector: InspectorClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data_card")
        self.setAccessibleName("Pictures")
        theme.set_role(self, "card")
        self._inspector = inspector
        self._dataset: Dataset | None = None
        self._state = "empty"
        self._pages = {
            "empty": self._make_empty(),
            "scanning": self._make_scanning(),
            "failed": self._make_failed(),
            "ready": self._make_ready(),
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        for page in self._pages.values():
            layout.addWidget(page)
        self.show_empty()

    @property
    def state(self) -> str:
        """Which of the four is shown: "empty", "scanning", "failed" or "ready"."""
        return self._state

    def show_drop(self, is_over: bool) -> None:
        """Show that what is dragged over the page can be dropped."""
        theme.set_role(self, "drop_active" if is_over else "drop" if self._state == "empty" else "card")

    def show_empty(self) -> None:
        """Invite to choose pictures."""
        self._show("empty")

    def show_scanning(self, location: str) -> None:
        """Show that a scan has begun."""
        self._scan_title.setText(f"Scanning {location.removeprefix(BUILT_IN)}")
        self._scan_detail.setText("Listing files…")
        self._bar.setRange(0, 0)
        self._show("scanning")

    def show_progress(self, progress: dict[str, Any]) -> None:
        """Show how far the scan is."""
        total, done = int(progress.get("total") or 0), int(progress.get("done") or 0)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        phase = str(progress.get("phase", "")).capitalize()
        counted = f"{wording.count(done)} of {wording.count(total)}" if total else wording.count(done)
        self._scan_detail.setText(f"{phase}: {counted}" if phase else counted)

    def show_failed(self, sentence: str, fix: str) -> None:
        """Show why there are no pictures."""
        self._fail_sentence.setText(sentence)
        self._fail_fix.setText(fix)
        self._show("failed")

    def show_dataset(self, dataset: Dataset) -> None:
        """Show what was scanned."""
        self._name.setText(dataset.name)
        set_tip(self._name, dataset.location)
        self._place.setText(dataset.location)
        self._counts.setText(health.counts_line(dataset))
        self._splits.setText(health.splits_line(dataset))
        self._sizes.setText(health.sizes_line(dataset))
        self._files.setText(health.files_line(dataset))
        self._warnings.setText(health.first_warnings(dataset))
        self._notes.setText(health.notes_of(dataset))
        for label in (self._splits, self._sizes, self._files, self._warnings, self._notes):
            label.setVisible(bool(label.text()))
        self._health.show_dataset(dataset)
        if self._dataset is None or dataset.fingerprint != self._dataset.fingerprint:
            self._ask_thumbnails(dataset)
        self._dataset = dataset
        self.say_times()
        self._show("ready")

    def say_times(self) -> None:
        """Say anew how long ago the pictures were scanned."""
        if self._dataset is not None:
            self._scanned.setText(f"Scanned {wording.ago(self._dataset.scanned_at)}")

    def _show(self, name: str) -> None:
        self._state = name
        self.show_drop(False)
        for page_name, page in self._pages.items():
            page.setVisible(page_name == name)

    def _ask_thumbnails(self, dataset: Dataset) -> None:
        self._wall.show_waiting(min(THUMBNAILS, dataset.num_pictures))
        self._inspector.request(
            LANE,
            "thumbnails",
            self._on_thumbnails,
            location=dataset.location,
            kind=dataset.kind,
            count=THUMBNAILS,
            size=THUMBNAIL_PX,
        )

    def _on_thumbnails(self, reply: Reply) -> None:
        if reply.ok:
            names = [str(name) for name in reply.info.get("names", [])]
            pictures = [to_image(reply.arrays[key]) for key in sorted(reply.arrays, key=int)]
            self._wall.show_pictures(pictures, names)
        else:
            self._wall.show_failed(f"{reply.error} {reply.fix}")

    def _make_empty(self) -> QWidget:
        text = "No pictures chosen. Drop a folder here, browse, or take a built-in set."
        return self._page([make_label(text, "data_card_empty", "muted", wraps=True)])

    def _make_scanning(self) -> QWidget:
        self._scan_title = make_label("", "scan_title", wraps=True)
        self._scan_detail = make_label("", "scan_detail", "small")
        self._bar = QProgressBar()
        self._bar.setObjectName("scan_progress")
        self._bar.setAccessibleName("Scan progress")
        self._bar.setTextVisible(False)
        cancel = self._button("Cancel", "scan_cancel", self.cancel_pressed.emit)
        return self._page([self._scan_title, self._bar, self._scan_detail, cancel])

    def _make_failed(self) -> QWidget:
        self._fail_sentence = make_label("", "scan_error", "bad", wraps=True)
        self._fail_fix = make_label("", "scan_fix", wraps=True)
        again = self._button("Scan again", "scan_again_failed", self.rescan_pressed.emit)
        return self._page([self._fail_sentence, self._fail_fix, again])

    def _make_ready(self) -> QWidget:
        self._name = make_label("", "dataset_name", "section", wraps=True)
        self._place = make_label("", "dataset_place", "small", wraps=True)
        self._wall = ThumbnailWall("Sample of the pictures")
        self._counts = make_label("", "dataset_counts", wraps=True)
        self._splits = make_label("", "dataset_splits", "small", wraps=True)
        self._sizes = make_label("", "dataset_sizes", "small", wraps=True)
        self._files = make_label("", "dataset_files", "small", wraps=True)
        self._warnings = make_label("", "dataset_warnings", "warn", wraps=True)
        self._notes = make_label("", "dataset_notes", "small", wraps=True)
        self._health = HealthList()
        self._scanned = make_label("", "dataset_scanned", "small")
        again = self._button("Scan again", "scan_again", self.rescan_pressed.emit)
        numbers = [self._name, self._place, self._wall, self._counts, self._splits, self._sizes, self._files]
        return self._page([*numbers, self._health, self._warnings, self._notes, self._scanned, again])

    def _button(self, text: str, name: str, on_click: Callable[[], object]) -> QPushButton:
        button = make_button(text, name, on_click)
        button.setSizePolicy(button.sizePolicy().Policy.Maximum, button.sizePolicy().Policy.Fixed)
        return button

    def _page(self, parts: list[QWidget]) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE)
        for part in parts:
            layout.addWidget(part)
        return page
