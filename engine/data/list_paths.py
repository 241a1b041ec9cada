"""Find the files that a list names, as people move lists about and programs write paths."""

import os
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from engine.data.suffixes import is_hidden, is_picture
from engine.file_names import name_as_text

# Ends that a list of numbers of pictures leaves out.
_LIKELY_SUFFIXES = (".jpg", ".jpeg", ".png", ".JPG", ".tif", ".bmp", ".webp")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
MOST_FOLDERS = 50
# After so many paths that are nowhere, or so many places found by guessing, no more guesses are made.
MOST_MISSES = 50
MOST_PLACES = 20


def is_address(path: str) -> bool:
    """True for an address in the web and the like."""
    return _ADDRESS.match(path.strip()) is not None and not path.strip().lower().startswith("file://")


class PathFinder:
    """Turns what a list says into paths of files.

    What works as it stands is taken as it stands. Otherwise spaces, backslashes, ``~``, Unicode forms and missing ends
    are tried, then paths without their beginning, which is that of another computer, then folders beside the list. Two
    different paths are never guessed to be one file.

    Args:
        root: Folder of the list.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._removed: list[str] = []
        self._added: list[str] = []
        self._guessed: dict[str, str] = {}  # file -> the path that was guessed to mean it
        self._misses = 0

    def is_there(self, said: str) -> bool:
        """True when what is said names a file by itself, without guessing where it may have been."""
        return bool(said.strip()) and any(map(self._is_file, self._spellings(said, plain_path(said))))

    def find(self, said: str) -> str | None:
        """Path of a file, relative to the root where possible; None when there is none."""
        plain = plain_path(said)
        if not plain:
            return None
        found = next(filter(self._is_file, self._spellings(said, plain)), None)
        found = found or next(self._shortened(plain), None) or next(self._placed(plain), None)
        self._misses += found is None
        return found

    @property
    def notes(self) -> list[str]:
        """How paths were understood, where that is not plain."""
        removed = [
            f"Paths are read without their beginning '{name_as_text(each)}'." for each in self._removed
        ]
        return removed + [f"Paths are read in the folder '{name_as_text(each)}'." for each in self._added]

    def _spellings(self, said: str, plain: str) -> Iterator[str]:
        yield plain
        yield said
        if plain.startswith("~"):
            yield os.path.expanduser(plain)
        if plain.lower().startswith("file://"):
            yield plain[len("file://") :]
        yield from (unicodedata.normalize("NFC", plain), unicodedata.normalize("NFD", plain))
        if "%" in plain:
            yield unquote(plain)
        if not is_picture(plain):
            yield from (f"{plain}{suffix}" for suffix in _LIKELY_SUFFIXES)

    def _shortened(self, plain: str) -> Iterator[str]:
        """The path without the folders of another place: those known, then any."""
        tries = [plain.removeprefix(f"{each}/") for each in self._removed if plain.startswith(f"{each}/")]
        yield from (path for path in tries if self._is_guess(path, plain))
        parts = plain.split("/")
        for start in range(1, len(parts)) if self._may_guess else ():
            path = "/".join(parts[start:])
            if path and self._is_guess(path, plain):
                self._removed.append("/".join(parts[:start]))
                yield path

    def _placed(self, plain: str) -> Iterator[str]:
        """The path in a folder beside the list: those known, then any."""
        unknown = [each for each in self._folders if each not in self._added] if self._may_guess else []
        for folder in (*self._added, *unknown):
            inside = f"{folder}/{plain}"
            for path in self._spellings(inside, inside):
                if self._is_guess(path, plain):
                    if folder not in self._added:
                        self._added.append(folder)
                    yield path

    def _is_guess(self, path: str, plain: str) -> bool:
        """True for a file that no other path was guessed to mean."""
        return self._is_file(path) and self._guessed.setdefault(path, plain) == plain

    @property
    def _may_guess(self) -> bool:
        return len(self._removed) + len(self._added) < MOST_PLACES and self._misses < MOST_MISSES

    @cached_property
    def _folders(self) -> list[str]:
        """Visible folders beside the list."""
        try:
            with os.scandir(self.root) as entries:
                names = sorted(
                    entry.name for entry in entries if entry.is_dir() and not is_hidden(entry.name)
                )
        except OSError:
            return []
        return names[:MOST_FOLDERS]

    def _is_file(self, path: str) -> bool:
        place = os.path.join(self.root, path)
        return os.path.exists(place) and not os.path.isdir(place)


def plain_path(said: str) -> str:
    """A path with forward slashes and no spaces around it."""
    return said.strip().replace("\\", "/")
