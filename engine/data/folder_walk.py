"""Find the picture files below a folder: hidden files, links in a loop and closed folders handled."""

import os
from pathlib import Path

from engine.data.file_kinds import is_hidden, is_picture


class FolderWalk:
    """Picture files below one folder, each folder visited once however many links lead to it.

    Attributes:
        closed: Folders that could not be opened.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.closed: list[str] = []
        self._seen: set[tuple[int, int]] = set()

    def folders(self, below: str = "") -> list[str]:
        """Names of the visible folders directly inside, sorted."""
        return sorted(e.name for e in self._entries(below) if _is_folder(e))

    def pictures(self, below: str = "", *, deep: bool = True) -> list[str]:
        """Paths of the pictures inside, relative to the root with forward slashes, sorted."""
        if deep and not self._enter(below):
            return []
        found: list[str] = []
        inner: list[tuple[bool, str]] = []
        for entry in self._entries(below):
            path = f"{below}/{entry.name}" if below else entry.name
            if _is_folder(entry):
                inner.append((entry.is_symlink(), path))
            elif is_picture(entry.name):
                found.append(path)
        if deep:
            for _, path in sorted(inner):  # real folders before links to them
                found.extend(self.pictures(path))
        return sorted(found)

    def _enter(self, below: str) -> bool:
        """Mark a folder as visited; False when it was visited before."""
        try:
            status = os.stat(self.root / below)
        except OSError:
            return False
        identity = (status.st_dev, status.st_ino)
        is_new = identity not in self._seen
        self._seen.add(identity)
        return is_new

    def _entries(self, below: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / below) as entries:
                return [entry for entry in entries if not is_hidden(entry.name)]
        except OSError:
            self.closed.append(below or str(self.root))
            return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
