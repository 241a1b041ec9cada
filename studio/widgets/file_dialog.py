"""The one dialog that asks for files and folders.

Qt's usual dialogs open every file of the folder that they list, to find its icon. For the file of an open store that
is harmful: closing it drops all the locks that this process has on it (see ``engine/store/hold.py``). This dialog looks
at names alone, and it is never the desktop's own, which may do anything.
"""

import re
from pathlib import Path

from PySide6.QtCore import QDir, QFileInfo, QStandardPaths, QUrl
from PySide6.QtGui import QAbstractFileIconProvider, QIcon
from PySide6.QtWidgets import QFileDialog, QSplitter, QStyle, QWidget
from typing_extensions import override

from studio.preferences import Preferences

_Kind = QAbstractFileIconProvider.IconType
SIZE, SIDEBAR_WIDTH = (860, 560), 180
_PLACES = (
    QStandardPaths.StandardLocation.HomeLocation,
    QStandardPaths.StandardLocation.DesktopLocation,
    QStandardPaths.StandardLocation.PicturesLocation,
    QStandardPaths.StandardLocation.DownloadLocation,
    QStandardPaths.StandardLocation.DocumentsLocation,
)


def ask_folder(parent: QWidget, title: str, topic: str, start: str = "") -> str:
    """Ask for a folder.

    Args:
        parent: Over which the dialog opens.
        title: What is asked, in words.
        topic: What it is for, one word; the folder that was chosen for it last is where the dialog opens.
        start: Where it opens instead; a folder that is gone counts as none.

    Returns:
        Path, empty when the person would rather not.
    """
    dialog = FileDialog(parent, title, topic, start)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    return dialog.ask()


def ask_file(parent: QWidget, title: str, topic: str, filters: str) -> str:
    """Ask for a file that exists; ``filters`` as Qt writes them, the others as in ``ask_folder``."""
    dialog = FileDialog(parent, title, topic)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(filters.split(";;"))
    return dialog.ask()


def ask_new_file(
    parent: QWidget, title: str, topic: str, suggested: str, filters: str, *, overwrites: bool = True
) -> str:
    """Ask where to write a file.

    Args:
        parent: As in ``ask_folder``.
        title: As in ``ask_folder``.
        topic: As in ``ask_folder``.
        suggested: Name of the file; with a folder it opens there.
        filters: As Qt writes them; the ending of the chosen one is added to a name that has none.
        overwrites: Whether an existing file would be written over, which is asked before; False merely opens it.

    Returns:
        Path, empty when the person would rather not.
    """
    place = Path(suggested)
    dialog = FileDialog(parent, title, topic, str(place.parent) if place.is_absolute() else "")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setNameFilters(filters.split(";;"))
    dialog.setDefaultSuffix(place.suffix.removeprefix("."))
    dialog.filterSelected.connect(lambda one: dialog.setDefaultSuffix(_ending(one) or place.suffix[1:]))
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, not overwrites)
    dialog.selectFile(place.name)
    return dialog.ask()


class FileDialog(QFileDialog):
    """A dialog that opens no file; use the functions above.

    Args:
        parent: Over which it opens.
        title: What is asked.
        topic: Under which the folder is remembered.
        start: Where it opens; by default where it was used last.
    """

    def __init__(self, parent: QWidget | None, title: str, topic: str, start: str = "") -> None:
        super().__init__(parent, title)
        self.setObjectName(f"file_dialog_{topic}")
        self.setAccessibleName(title)
        self.setOption(QFileDialog.Option.DontUseNativeDialog, True)
        self.setOption(QFileDialog.Option.DontUseCustomDirectoryIcons, True)
        self._icons = NameIcons(self)
        self.setIconProvider(self._icons)
        self._key, self._preferences = f"files/{topic}", Preferences()
        self.setSidebarUrls(_places())
        self.resize(*SIZE)
        parts = self.findChild(QSplitter)
        if parts is not None:
            parts.setSizes([SIDEBAR_WIDTH, SIZE[0] - SIDEBAR_WIDTH])
        folders = (start, self._preferences.text(self._key), QDir.homePath())
        self.setDirectory(next(folder for folder in folders if folder and Path(folder).is_dir()))

    def ask(self) -> str:
        """Let the person choose; the path, or empty."""
        is_chosen = self.exec() == QFileDialog.DialogCode.Accepted
        chosen = self.selectedFiles()[0] if is_chosen and self.selectedFiles() else ""
        if chosen:
            self._preferences.remember(self._key, self.directory().absolutePath())
        # By the event loop: a thread of the dialog may be asking for an icon at this moment.
        self.deleteLater()
        return chosen


class NameIcons(QAbstractFileIconProvider):
    """Icons and kinds of files by their names, without a look inside.

    Args:
        widget: Whose style draws them.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        style = widget.style()
        # Drawn now: the dialog asks for them from a thread, where nothing may be drawn.
        self._folder = style.standardIcon(QStyle.StandardPixmap.SP_DirIcon)
        self._file = style.standardIcon(QStyle.StandardPixmap.SP_FileIcon)
        self._drive = style.standardIcon(QStyle.StandardPixmap.SP_DriveHDIcon)

    @override
    def icon(self, item: QAbstractFileIconProvider.IconType | QFileInfo) -> QIcon:
        """Icon of a kind, or of a file by what its name and its entry in the folder say."""
        if isinstance(item, QFileInfo):
            return self._folder if item.isDir() else self._file
        if item in (_Kind.Folder, _Kind.Desktop):
            return self._folder
        return self._drive if item in (_Kind.Drive, _Kind.Computer, _Kind.Network) else self._file

    @override
    def type(self, info: QFileInfo) -> str:
        """Kind of a file in words, by its ending."""
        if info.isDir():
            return "Folder"
        return f"{info.suffix().upper()} file" if info.suffix() else "File"


def _ending(chosen_filter: str) -> str:
    """The ending that a filter stands for; empty for several or any."""
    found = re.findall(r"\*\.(\w+)", chosen_filter)
    return found[0] if len(found) == 1 else ""


def _places() -> list[QUrl]:
    """Places a person keeps pictures in, those that exist, each once."""
    found = [QStandardPaths.writableLocation(place) for place in _PLACES]
    return [QUrl.fromLocalFile(folder) for folder in dict.fromkeys(found) if folder and Path(folder).is_dir()]
