"""How a folder of pictures is laid out: which folders are splits, which are classes, which only wrap the others."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.data.folder_walk import FolderWalk, join
from engine.data.masks import IMAGE_FOLDERS
from engine.errors import DataError
from engine.file_names import name_as_text

SPLITS = ("train", "validation", "test")
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
    "publictest": "validation",  # as in FER2013, after the leaderboards of Kaggle
    "privatetest": "test",
}
# "train2017", "Test_Set", "val-images", "train_data", "test1".
_SPLIT = re.compile(rf"({'|'.join(SPLIT_NAMES)})(?:[ _-]?(?:set|images?|imgs?|data|split|\d{{1,4}}))?")
MOST_WRAPPERS = 8


@dataclass(frozen=True)
class Part:
    """A folder whose pictures belong to one split.

    Args:
        split: Which.
        below: The folder, relative to the root.
        label: The class of all its pictures; None where the folders inside are the classes, empty without classes.
    """

    split: str
    below: str
    label: str | None


@dataclass(frozen=True)
class Layout:
    """How a folder is read.

    Args:
        kind: ``class_folders``, ``split_folders`` or ``flat``.
        parts: What is read, training first.
        notes: How it was understood, where that is not plain.
        warnings: What may be meant otherwise.
    """

    kind: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def split_of_name(name: str) -> str | None:
    """The split that a name means, None for any other name."""
    match = _SPLIT.fullmatch(name.strip().lower())
    return SPLIT_NAMES[match.group(1)] if match else None


def find_layout(walk: FolderWalk, kind: str = "auto") -> Layout:
    """Recognise how a folder is laid out, or insist on one kind.

    Raises:
        DataError: For "split_folders" without a folder for training, and for two folders of one split.
    """
    below = _unwrap(walk, accept_splits=kind in ("auto", "split_folders"))
    if kind in ("auto", "split_folders"):
        found = _splits_first(walk, below) or _classes_first(walk, below)
        if found:
            return found
        if kind == "split_folders":
            raise DataError(
                f"The folder {walk.root} has no 'train' folder.", "Choose another layout, or add one."
            )
    names = walk.folders(below)
    is_flat = bool(walk.pictures(below, deep=False)) or not names
    if kind == "flat" or (kind == "auto" and is_flat):
        return Layout("flat", (Part("train", below if kind == "auto" else "", ""),))
    return Layout(
        "class_folders",
        (Part("train", below, None),),
        (_wrapped_note(below),) if below else (),
        tuple(_doubts(walk, below, names)),
    )


def container(walk: FolderWalk, below: str) -> str:
    """The folder that really holds the classes of a split: ``train/images`` for ``train`` where that is all it has."""
    names = walk.folders(below)
    if len(names) == 1 and names[0].lower() in IMAGE_FOLDERS and not walk.pictures(below, deep=False):
        return join(below, names[0])
    return below


def _unwrap(walk: FolderWalk, *, accept_splits: bool) -> str:
    """Go down while a folder holds nothing but one other that is no class."""
    below = ""
    for _ in range(MOST_WRAPPERS):
        names = walk.folders(below)
        if len(names) != 1 or walk.pictures(below, deep=False):
            break
        inner = join(below, names[0])
        if accept_splits and split_of_name(names[0]) == "train":
            break
        holds_pictures = bool(walk.pictures(inner, deep=False))
        if names[0].lower() not in IMAGE_FOLDERS and (holds_pictures or not walk.folders(inner)):
            break
        below = inner
    return below


def _splits_among(walk: FolderWalk, below: str) -> dict[str, str]:
    """Split -> its folder, of the folders directly inside.

    Raises:
        DataError: When there are two of one split, and one to train on.
    """
    found: dict[str, str] = {}
    twice = ""
    names = walk.folders(below)
    for name, plain in zip(names, _without_shared_beginning(names), strict=True):
        split = split_of_name(plain)
        if split in found:
            twice = f"The folder has two {split} parts: '{name_as_text(found[split])}' and '{name_as_text(name)}'."
        elif split:
            found[split] = name
    if twice and "train" in found:
        raise DataError(twice, "Keep one of them.")
    return found


def _without_shared_beginning(names: list[str]) -> list[str]:
    """``train`` and ``test`` for ``cars_train`` and ``cars_test``, where all that is left are splits."""
    shared = os.path.commonprefix(names) if len(names) > 1 else ""  # noqa: RUF071 (letters are meant)
    length = max(shared.rfind(sign) for sign in "_- .") + 1
    plain = [name[length:] for name in names]
    return plain if all(map(split_of_name, plain)) else names


def _splits_first(walk: FolderWalk, below: str) -> Layout | None:
    splits = _splits_among(walk, below)
    # Among vehicles "train" is a class: alone it is a split only when there are no other folders.
    if "train" not in splits or (len(splits) == 1 and len(walk.folders(below)) > 1):
        return None
    parts = (
        Part(split, container(walk, join(below, splits[split])), None) for split in SPLITS if split in splits
    )
    unusual = {split: name for split, name in splits.items() if name.lower() not in SPLIT_NAMES}
    notes = [f"'{name_as_text(name)}' is taken as the {split} split." for split, name in unusual.items()]
    return Layout("split_folders", tuple(parts), tuple(notes))


def _classes_first(walk: FolderWalk, below: str) -> Layout | None:
    """Classes that are each divided into splits, as in ``cat/train`` and ``cat/test``."""
    names = walk.folders(below)
    if len(names) < 2 or walk.pictures(below, deep=False):
        return None
    splits_of = {name: _splits_among(walk, join(below, name)) for name in names}
    if any("train" not in splits or len(splits) < 2 for splits in splits_of.values()):
        return None
    parts = [
        Part(split, join(join(below, name), splits_of[name][split]), name)
        for split in SPLITS
        for name in names
        if split in splits_of[name]
    ]
    notes = ["Each class is divided into splits; the folders above them are the classes."]
    inner = sorted({name for part in parts for name in walk.folders(part.below)})
    if inner:
        notes.append(f"Folders inside the splits ({_listed(inner)}) are not taken as classes.")
    return Layout("split_folders", tuple(parts), tuple(notes))


def _doubts(walk: FolderWalk, below: str, names: list[str]) -> Iterable[str]:
    """Say what looks like a split but is read as classes, or as pictures of a class."""
    if len(names) > 1 and all(split_of_name(name) for name in names):
        yield (
            f"The folders {_listed(names)} look like splits, but none of them is for training: "
            "they are taken as classes."
        )
    divided = [name for name in names if len(_splits_among(walk, join(below, name))) > 1]
    if divided:
        yield (
            f"Of {len(names)} class folders, {_listed(divided)} hold splits: their validation and test pictures "
            "train as well. Divide all classes so, or none."
        )
    inner = [set(walk.folders(join(below, name))) for name in names]
    shared = set.intersection(*inner) if len(names) > 1 else set()
    if len(shared) > 1 and not any(map(split_of_name, shared)):
        yield (
            f"All {len(names):,} class folders hold the folders {_listed(sorted(shared))}: if those are the classes, "
            "name the folders above them train, validation and test."
        )


def _wrapped_note(below: str) -> str:
    return f"The classes are the folders inside '{name_as_text(below)}', the only folder with pictures."


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{name_as_text(name)}'" for name in names[:5])
    return f"{shown} and {len(names) - 5:,} more" if len(names) > 5 else shown


def folder_name(folder: Path) -> str:
    """Short name of a set, as text."""
    return name_as_text(folder.name) or str(folder)
