"""Chooses the picture that is looked at: one of the data set, or one of the person's own."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from studio import wording
from studio.live.inspector import InspectorClient, Reply
from studio.viewers.images import to_image
from studio.viewers.picture_strip import THUMBNAIL_PX, PictureStrip
from studio.widgets.buttons import make_button
from studio.widgets.file_dialog import ask_file
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip

LANE = "inspect.strip"
SHOWN_AT_FIRST = 40
MORE_BY = 4
# Of one's own pictures, what Qt itself shows in the strip; the engine reads larger ones.
MOST_BYTES = 64 * 2**20
DRAWINGS = (b"svg", b"svgz", b"pdf")
SQUARE = (2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX)
FILTER = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif *.tif *.tiff *.ppm *.pgm);;All files (*)"


class PictureChooser(QWidget):
    """A strip of the data set's pictures, with the person's own ones at its left end.

    Args:
        inspector: Draws the thumbnails.
        parent: Qt owner.
    """

    chosen = Signal()

    def __init__(self, inspector: InspectorClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture_chooser")
        self._inspector = inspector
        self._data: Mapping[str, Any] = {}
        self._count = SHOWN_AT_FIRST
        self._own: list[str] = []
        self._has_failed = False
        self.strip = PictureStrip("Pictures of the data set", self)
        self.strip.chosen.connect(self._on_chosen)
        self.message = make_label("", "strip_message", "small", wraps=True)
        self.browse = make_button("Own picture…", "own_picture", self._on_browse, icon="folder")
        set_tip(self.browse, "Choose a picture file, or drop one anywhere on this page")
        self.more = make_button(
            "More", "more_pictures", self._on_more, role="quiet", tip="Show more of the data set"
        )
        self.picture: int | str = 0
        self._lay_out()

    def show_data(self, data: Mapping[str, Any]) -> None:
        """Show the pictures of a run's data set.

        Args:
            data: ``location`` and ``kind`` as the run's recipe has them.
        """
        if dict(data) == dict(self._data):
            return
        self._data, self._count = dict(data), SHOWN_AT_FIRST
        if isinstance(self.picture, int):
            self.picture = 0
        self._ask()

    def choose_own(self, path: Path) -> None:
        """Look at a picture file."""
        name = str(path)
        if name not in self._own:
            self._own.insert(0, name)
        self.strip.put_first(name, _read_small(name), path.name)
        self.strip.mark(name)
        self._on_chosen(name)

    def _ask(self) -> None:
        self.message.setText("Loading pictures…")
        self.more.setEnabled(False)
        arguments = {name: self._data.get(name) for name in ("location", "kind")}
        self._inspector.request(
            LANE, "thumbnails", self._on_reply, count=self._count, size=2 * THUMBNAIL_PX, **arguments
        )

    def _on_reply(self, reply: Reply) -> None:
        self._has_failed = not reply.ok
        if not reply.ok:
            self.message.show()
            self._fill([], [], [])
            self.message.setText(f"{reply.error} {reply.fix} A picture of your own can still be looked at.")
            return
        keys = sorted(reply.arrays, key=int)
        indices = [int(index) for index in reply.info.get("indices", keys)]
        tips = [str(name) for name in reply.info.get("names", keys)]
        self._fill(indices, [to_image(reply.arrays[key]) for key in keys], tips)
        total = int(reply.info.get("total", len(keys)))
        self.message.setText(
            f"{wording.count(len(indices))} of {wording.count(total)} pictures, spread over the data set"
        )
        self.more.setEnabled(len(indices) < total)

    def _fill(self, indices: list[int], images: list[QImage], tips: list[str]) -> None:
        own = [_read_small(name) for name in self._own]
        names = [Path(name).name for name in self._own]
        self.strip.show_pictures([*self._own, *indices], [*own, *images], [*names, *tips])
        if self.picture not in self.strip.keys and indices:
            self.picture = indices[0]
            self.chosen.emit()
        self.strip.mark(self.picture)

    def _on_chosen(self, key: object) -> None:
        if isinstance(key, int | str):
            self.picture = key
            self.chosen.emit()

    def _on_more(self) -> None:
        self._count *= MORE_BY
        self._ask()

    def _on_browse(self) -> None:
        path = ask_file(self, "Choose a picture", "picture", FILTER)
        if path:
            self.choose_own(Path(path))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.browse)
        row.addWidget(self.message, 1)
        row.addWidget(self.more)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addLayout(row)
        self._column.addWidget(self.strip, 1)

    def set_low(self, is_low: bool) -> None:
        """Take one row of small pictures beside the buttons, where the window is low."""
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._column.setDirection(across if is_low else down)
        # How many there are is said where there is room for a sentence; an error is said anyway.
        self.message.setVisible(not is_low or self._has_failed)
        self.strip.set_small(is_low)


def _read_small(path: str) -> QImage:
    """A thumbnail of a picture file; a null picture where Qt cannot read it, the engine may still."""
    if not _is_small_file(path):
        return QImage()
    reader = QImageReader(path)
    if bytes(reader.format().data()) in DRAWINGS:  # Qt would draw what may name other files
        return QImage()
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid():
        scaled = size.scaled(*SQUARE, Qt.AspectRatioMode.KeepAspectRatio)
        reader.setScaledSize(scaled.expandedTo(QSize(1, 1)))  # a very long picture has a side below a pixel
    return reader.read()


def _is_small_file(path: str) -> bool:
    """False for pipes and devices, which would hold up the window, and for files too large to be read beside it."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size <= MOST_BYTES
