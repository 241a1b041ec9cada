"""A box for a path: typed, browsed or dropped on."""

import os

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget
from typing_extensions import override

from studio.widgets.file_dialog import ask_folder


class PathBox(QWidget):
    """Edits the path of a folder.

    Args:
        title: What the path is, for the dialog and screen readers.
        parent: Qt owner.
    """

    edited = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.setAcceptDrops(True)
        self.line = QLineEdit(self)
        self.line.setAccessibleName(title)
        self.line.textChanged.connect(self.edited)
        self.browse = QPushButton("Browse…", self)
        self.browse.setAccessibleName(f"Browse for {title.lower()}")
        self.browse.clicked.connect(self._on_browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.browse)
        self.setFocusProxy(self.line)

    def path(self) -> str:
        """Return the path as typed, without blanks around it and with the home folder for ``~``."""
        return os.path.expanduser(self.line.text().strip())

    def set_path(self, path: str) -> None:
        """Show a path."""
        if path != self.path():
            self.line.setText(path)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take local files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Show the first dropped path."""
        self.set_path(next(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()))

    def _on_browse(self) -> None:
        folder = ask_folder(self, self._title, "place", self.path())
        if folder:
            self.set_path(folder)
