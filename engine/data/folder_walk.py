"""What lies below a folder: hidden files, masks, links in a loop and closed folders told apart from pictures."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.masks import mask_files, mask_folders
from engine.data.suffixes import Kind, is_hidden, is_picture, kind_of

Identity = tuple[int, int]


@dataclass
class Listing:
    """What lies directly in one folder, by name.

    Args:
        folders: Visible folders, sorted, links among them.
        links: Those folders that are links.
        masks: Folders of masks.
        hidden: Hidden folders.
        pictures: Files to read, sorted.
        left_out: Every other file, with the reason; see ``account``.
        is_open: False when the folder could not be opened.
    """

    folders: list[str] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    masks: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    left_out: list[tuple[str, Kind | str]] = field(default_factory=list)
    is_open: bool = True

    @property
    def is_empty(self) -> bool:
        """True when nothing at all lies in it."""
        parts = (self.folders, self.masks, self.hidden, self.pictures, self.left_out)
        return self.is_open and not any(parts)


class FolderWalk:
    """Looks below one folder; each folder is listed once.

    Args:
        root: Where paths start from.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listings: dict[str, Listing] = {}
        self._bearing: dict[str, bool] = {}

    def listing(self, below: str = "") -> Listing:
        """Everything directly in a folder."""
        if below not in self._listings:
            self._listings[below] = _list(self.root / below)
        return self._listings[below]

    def folders(self, below: str = "") -> list[str]:
        """Names of the visible folders directly inside that hold pictures, sorted; masks are none."""
        return [name for name in self.listing(below).folders if self.bears_pictures(join(below, name))]

    def pictures(self, below: str = "", *, deep: bool = True, seen: set[Identity] | None = None) -> list[str]:
        """Paths of the pictures inside, relative to the root with forward slashes, sorted.

        Args:
            below: The folder.
            deep: Whether folders inside are searched too.
            seen: Folders that were read before and are not read again; those read now are added.
        """
        seen = set() if seen is None else seen
        if deep and not self.enter(below, seen):
            return []
        listing = self.listing(below)
        found = [join(below, name) for name in listing.pictures]
        if deep:
            for name in sorted(listing.folders, key=lambda name: (name in listing.links, name)):
                found.extend(self.pictures(join(below, name), seen=seen))
        return sorted(found)

    def bears_pictures(self, below: str) -> bool:
        """True when pictures lie in a folder or below it, also such as cannot be read for their format."""
        if below not in self._bearing:
            self._bearing[below] = self._bears(below, set())
        return self._bearing[below]

    def enter(self, below: str, seen: set[Identity]) -> bool:
        """Mark a folder as visited; False when it was visited before, whichever links lead to it."""
        try:
            status = os.stat(self.root / below)
        except OSError:
            return False
        identity = (status.st_dev, status.st_ino)
        is_new = identity not in seen
        seen.add(identity)
        return is_new

    def _bears(self, below: str, seen: set[Identity]) -> bool:
        if not self.enter(below, seen):
            return False
        listing = self.listing(below)
        if listing.pictures or any(reason == "picture" for _, reason in listing.left_out):
            return True
        return any(self._bears(join(below, name), seen) for name in listing.folders)


def join(below: str, name: str) -> str:
    """Path of an entry, relative to the root, which is the empty path."""
    return f"{below}/{name}" if below else name


def _list(folder: Path) -> Listing:
    found = Listing()
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                _sort_in(found, entry)
    except OSError:
        return Listing(is_open=False)
    masks = mask_files(_stem(name) for name in found.pictures)
    found.left_out += [(name, "mask") for name in found.pictures if _stem(name) in masks]
    found.pictures = [name for name in found.pictures if _stem(name) not in masks]
    found.masks = sorted(mask_folders(found.folders, has_pictures=bool(found.pictures)))
    found.folders = [name for name in found.folders if name not in found.masks]
    return found


def _sort_in(found: Listing, entry: os.DirEntry[str]) -> None:
    name = entry.name
    if _is(entry.is_dir):
        (found.hidden if is_hidden(name) else found.folders).append(name)
        if entry.is_symlink():
            found.links.add(name)
    elif not is_picture(name):
        found.left_out.append((name, kind_of(name)))
    # A link that leads nowhere is a picture that is missing, which a scan tells.
    elif _is(entry.is_file) or (entry.is_symlink() and not os.path.exists(entry.path)):
        found.pictures.append(name)
    else:
        found.left_out.append((name, "special"))


def _is(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:
        return False


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
