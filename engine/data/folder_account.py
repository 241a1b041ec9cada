"""The account of a folder: every file below it, whether it became part of a set or not."""

from collections.abc import Collection

from engine.data.account import Account, Ledger
from engine.data.file_content import looks_like_picture
from engine.data.folder_walk import FolderWalk, Identity, join
from engine.data.suffixes import suffix_of

# So many files of one suffix are looked into, to find pictures with other names.
MOST_LOOKED_INTO = 200


def account_of(walk: FolderWalk, kept: Collection[str]) -> Account:
    """Write down every file below a folder.

    Args:
        walk: The folder, as it was read.
        kept: Files of the set, relative to the folder.
    """
    visit = _Visit(walk, kept)
    visit.folder("", "")
    return visit.ledger.account()


class _Visit:
    """One way through all folders, each once: those with pictures of the set first, links last."""

    def __init__(self, walk: FolderWalk, kept: Collection[str]) -> None:
        self.ledger = Ledger()
        self._walk, self._kept = walk, kept
        folders = {file.rpartition("/")[0] for file in kept}
        self._used = {parent for folder in folders for parent in _with_parents(folder)}
        self._seen: set[Identity] = set()
        self._looked_into: dict[str, int] = {}

    def folder(self, below: str, reason: str) -> None:
        """Write down what lies in a folder; with a reason, all of it is left out for that."""
        is_new = self._walk.enter(below, self._seen)
        if not is_new and below not in self._used:
            self.ledger.leave_out("linked", below)
            return
        listing = self._walk.listing(below)
        if not listing.is_open:
            self.ledger.closed_folders.append(below or str(self._walk.root))
        self._files(below, reason)
        for names, why in (
            (listing.folders, reason),
            (listing.masks, reason or "mask"),
            (listing.hidden, "hidden"),
        ):
            for name in sorted(names, key=lambda name: self._order(below, name)):
                self.folder(join(below, name), why)
        if listing.is_empty and not reason:
            self.ledger.empty_folders.append(below)

    def _order(self, below: str, name: str) -> tuple[bool, bool, str]:
        path = join(below, name)
        return path not in self._used, name in self._walk.listing(below).links, name

    def _files(self, below: str, reason: str) -> None:
        listing = self._walk.listing(below)
        for name in listing.pictures:
            path = join(below, name)
            if path in self._kept:
                self.ledger.kept += 1
            else:
                self.ledger.leave_out(reason or "outside", path)
        for name, why in listing.left_out:
            path = join(below, name)
            is_misnamed = why == "other" and not reason and self._is_picture(path)
            self.ledger.leave_out("hidden" if reason == "hidden" else "content" if is_misnamed else why, path)

    def _is_picture(self, path: str) -> bool:
        suffix = suffix_of(path.rpartition("/")[2])
        self._looked_into[suffix] = self._looked_into.get(suffix, 0) + 1
        return self._looked_into[suffix] <= MOST_LOOKED_INTO and looks_like_picture(self._walk.root / path)


def _with_parents(folder: str) -> list[str]:
    """A folder and all above it, up to the root, which is the empty path."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]
