"""Open a set of pictures, wherever it is: the one door to all kinds of sources."""

from pathlib import Path

from engine.data.builtin import BUILTIN_PREFIX, open_builtin
from engine.data.folders import open_folder
from engine.data.picture_set import FileSet, PictureSet
from engine.errors import DataError

__all__ = ["FileSet", "PictureSet", "open_pictures"]

FOLDER_KINDS = ("class_folders", "split_folders", "flat")


def open_pictures(location: str | Path, kind: str = "auto") -> PictureSet:
    """Open a set of pictures.

    Args:
        location: A folder, a CSV or TSV list, a published data set's folder, ``builtin:shapes`` or
            ``builtin:digits``.
        kind: ``auto`` recognises the layout; ``class_folders``, ``split_folders``, ``flat``, ``list``,
            ``cifar10``, ``cifar100``, ``stl10`` and ``builtin`` insist on one.

    Raises:
        DataError: In words, when it is missing, empty, has a single picture or another layout.
    """
    text = str(location).strip()
    if text.startswith(BUILTIN_PREFIX):
        return open_builtin(text)
    if not text:
        raise DataError("No pictures were chosen.", "Choose a folder, a list or a built-in set.")
    path = Path(text).expanduser().absolute()
    if not path.exists():
        raise DataError(f"There is no folder or list at {path}.", "Check the path; is the disk connected?")
    if path.is_dir():
        return open_folder(path, kind)
    raise DataError(
        f"{path.name} is a single file, not a folder of pictures.", "Choose the folder it lies in."
    )
