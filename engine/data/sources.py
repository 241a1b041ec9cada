"""Open a set of pictures, wherever it is: the one door to all kinds of sources."""

import os
from pathlib import Path

from engine.data.builtin import BUILTIN_PREFIX, open_builtin
from engine.data.folders import open_folder
from engine.data.list_file import LIST_SUFFIXES, open_list
from engine.data.picture_set import FileSet, PictureSet
from engine.data.published import PUBLISHED_PREFIX, find_published, folder_of_published
from engine.errors import DataError
from engine.file_names import name_as_text, place_as_text, place_from_text
from engine.value_range import AUTO, parse_value_range

__all__ = ["FileSet", "PictureSet", "open_pictures"]

FOLDER_KINDS = ("class_folders", "split_folders", "flat")
PUBLISHED_KINDS = ("cifar10", "cifar100", "stl10")
ARCHIVE_SUFFIXES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def open_pictures(location: str | Path, kind: str = "auto", value_range: str = AUTO) -> PictureSet:
    """Open a set of pictures.

    Args:
        location: A folder, a CSV or TSV list, a published data set's folder, ``builtin:shapes``,
            ``builtin:digits``, or ``published:cifar10`` and the like once a scan has downloaded it.
        kind: ``auto`` recognises the layout; ``class_folders``, ``split_folders``, ``flat``, ``list``,
            ``cifar10``, ``cifar100``, ``stl10`` and ``builtin`` insist on one.
        value_range: What is black and white in pictures deeper than 8 bits, see ``parse_value_range``; ``auto`` finds
            it in the pictures once the first such picture is read.

    Raises:
        DataError: In words, when it is missing, empty, has a single picture or another layout.
    """
    text = str(location)
    if text.strip().startswith(BUILTIN_PREFIX):
        return open_builtin(text.strip())
    if not text.strip():
        raise DataError("No pictures were chosen.", "Choose a folder, a list or a built-in set.")
    is_published = text.strip().startswith(PUBLISHED_PREFIX)
    path = folder_of_published(text.strip()) if is_published else place_from_text(text)
    if not os.path.exists(path):  # never raises, whatever the path is
        raise DataError(
            f"There is no folder or list at {place_as_text(path)}.", "Check the path; is the disk connected?"
        )
    pictures = _open_directory(path, kind) if path.is_dir() else _open_file(path, kind)
    if kind not in ("auto", pictures.kind):
        raise DataError(
            f"{place_as_text(path)} is laid out as {pictures.kind}, not as {kind}.",
            "Choose the layout 'auto'.",
        )
    pictures.use_range(parse_value_range(value_range))
    return pictures


def _open_directory(path: Path, kind: str) -> PictureSet:
    if kind in FOLDER_KINDS:
        return open_folder(path, kind)
    published = find_published(path)
    if published is None and kind in PUBLISHED_KINDS:
        raise DataError(
            f"{place_as_text(path)} does not hold the files of {kind}.",
            "Choose the folder its archive was unpacked to.",
        )
    return published or open_folder(path)


def _open_file(path: Path, kind: str) -> PictureSet:
    if kind in ("auto", "list") and path.suffix.lower() in LIST_SUFFIXES:
        return open_list(path)
    if path.name.lower().endswith(ARCHIVE_SUFFIXES):
        raise DataError(f"{name_as_text(path.name)} is an archive.", "Unpack it and choose the folder.")
    raise DataError(
        f"{name_as_text(path.name)} is a single file, not a set of pictures.",
        "Choose the folder it lies in, or a CSV list.",
    )
