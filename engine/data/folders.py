"""Pictures in folders: class folders, split folders, or just pictures."""

from pathlib import Path

import numpy as np

from engine.data.file_kinds import SUFFIXES_IN_WORDS
from engine.data.folder_walk import FolderWalk
from engine.data.picture_set import FileSet, SetInfo
from engine.errors import DataError

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


def open_folder(folder: Path, kind: str = "auto") -> FileSet:
    """Open a folder of pictures.

    Args:
        folder: An existing folder.
        kind: ``class_folders``, ``split_folders``, ``flat``, or ``auto`` to recognise it.

    Raises:
        DataError: When there are no pictures or the layout is not the one asked for.
    """
    chosen = recognise(folder) if kind == "auto" else kind
    if chosen == "split_folders":
        return _open_splits(folder)
    files_of = {"train": FolderWalk(folder)}
    return _assemble(folder, chosen, files_of, {"train": ""})


def recognise(folder: Path) -> str:
    """Name the layout of a folder by what is directly inside it."""
    walk = FolderWalk(folder)
    names = walk.folders()
    splits = [SPLIT_NAMES[name.lower()] for name in names if name.lower() in SPLIT_NAMES]
    # Among vehicles "train" is a class: alone it is a split only when there are no other folders.
    if "train" in splits and (len(splits) > 1 or len(names) == 1):
        return "split_folders"
    return "class_folders" if names and not walk.pictures(deep=False) else "flat"


def _open_splits(folder: Path) -> FileSet:
    parts: dict[str, str] = {}
    for name in FolderWalk(folder).folders():
        split = SPLIT_NAMES.get(name.lower())
        if split in parts:
            raise DataError(
                f"The folder has two {split} parts: '{parts[split]}' and '{name}'.", "Keep one of them."
            )
        if split:
            parts[split] = name
    if "train" not in parts:
        raise DataError(f"The folder {folder} has no 'train' folder.", "Choose another layout, or add one.")
    walks = {split: FolderWalk(folder) for split in parts}
    return _assemble(folder, "split_folders", walks, parts)


def _assemble(folder: Path, kind: str, walks: dict[str, FolderWalk], parts: dict[str, str]) -> FileSet:
    """Collect the files of every split, with their classes, into one set."""
    files: list[str] = []
    names: list[str] = []
    splits: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
    for split in [name for name in ("train", "validation", "test") if name in parts]:
        found = _with_classes(walks[split], parts[split], labelled=kind != "flat")
        splits[split] = np.arange(len(files), len(files) + len(found), dtype=np.int64)
        files.extend(file for file, _ in found)
        names.extend(name for _, name in found)
    _refuse_too_few(folder, len(splits["train"]), kind)
    classes = tuple(sorted({name for name in names if name}))
    number = {name: i for i, name in enumerate(classes)}
    labels = np.array([number.get(name, -1) for name in names], dtype=np.int64) if classes else None
    used = {split: indices for split, indices in splits.items() if len(indices)}
    name = folder.name or str(folder)
    info = SetInfo(name, str(folder), kind, used, classes, labels, _notes(walks, classes, files, kind))
    return FileSet(info, files, folder)


def _with_classes(walk: FolderWalk, below: str, *, labelled: bool) -> list[tuple[str, str]]:
    """Files below a folder, each with the name of its class (the first folder), empty when it lies outside."""
    if not labelled:
        return [(file, "") for file in walk.pictures(below)]
    found = [(file, "") for file in walk.pictures(below, deep=False)]
    for name in walk.folders(below):
        found.extend((file, name) for file in walk.pictures(f"{below}/{name}" if below else name))
    return found


def _refuse_too_few(folder: Path, count: int, kind: str) -> None:
    part = " for training" if kind == "split_folders" else ""
    if count == 0:
        raise DataError(
            f"The folder {folder} has no pictures{part}.",
            f"Choose a folder with files that end in {SUFFIXES_IN_WORDS}.",
        )
    if count == 1:
        raise DataError(
            f"The folder {folder} has only one picture{part}.",
            "Learning needs at least 2; hundreds are better.",
        )


def _notes(
    walks: dict[str, FolderWalk], classes: tuple[str, ...], files: list[str], kind: str
) -> tuple[str, ...]:
    closed = sorted({name for walk in walks.values() for name in walk.closed})
    notes = [f"The folder '{name}' could not be opened and was left out." for name in closed]
    if len(classes) == 1:
        notes.append(
            f"All labelled pictures are of one class, '{classes[0]}': accuracy (k-NN) needs two or more."
        )
    if kind == "flat" and any("/" in file for file in files):
        notes.append("Folders are not taken as classes here; choose the layout 'class_folders' if they are.")
    return tuple(notes)
