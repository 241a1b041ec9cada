"""Pictures in folders: class folders, split folders, or just pictures."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.account import Account, named
from engine.data.class_names import classes_in_names
from engine.data.folder_account import account_of
from engine.data.folder_walk import FolderWalk, Identity, join
from engine.data.layout import SPLITS, Layout, Part, find_layout, folder_name
from engine.data.masks import IMAGE_FOLDERS
from engine.data.picture_set import FileSet, SetInfo
from engine.data.suffixes import SUFFIXES_IN_WORDS, suffix_of
from engine.errors import DataError
from engine.file_names import name_as_text, place_as_text


@dataclass(frozen=True)
class _Found:
    """A picture: its file, relative to the root, the name of its class (empty without one), and its split."""

    file: str
    label: str
    split: str


def open_folder(folder: Path, kind: str = "auto") -> FileSet:
    """Open a folder of pictures.

    Args:
        folder: An existing folder.
        kind: ``class_folders``, ``split_folders``, ``flat``, or ``auto`` to recognise it.

    Raises:
        DataError: When there are no pictures or the layout is not the one asked for.
    """
    walk = FolderWalk(folder)
    layout = find_layout(walk, kind)
    found = _find(walk, layout)
    account = account_of(walk, {picture.file for picture in found})
    _refuse_too_few(folder, sum(picture.split == "train" for picture in found), layout.kind, account)
    return _assemble(folder, walk, layout, found, account)


def _find(walk: FolderWalk, layout: Layout) -> list[_Found]:
    """Collect the pictures of every part; a folder is read once for each split, however many links lead to it."""
    seen: dict[str, set[Identity]] = {}
    found: list[_Found] = []
    for part in layout.parts:
        pairs = _with_classes(walk, part, seen.setdefault(part.split, set()))
        found.extend(_Found(file, label, part.split) for file, label in pairs)
    return found


def _with_classes(walk: FolderWalk, part: Part, seen: set[Identity]) -> list[tuple[str, str]]:
    """Files of a part, each with its class: the first folder, empty when it lies outside."""
    if part.label is not None:
        return [(file, part.label) for file in walk.pictures(part.below, seen=seen)]
    found = [(file, "") for file in walk.pictures(part.below, deep=False)]
    for name in walk.folders(part.below):
        found.extend((file, name) for file in walk.pictures(join(part.below, name), seen=seen))
    return found


def _assemble(
    folder: Path, walk: FolderWalk, layout: Layout, found: list[_Found], account: Account
) -> FileSet:
    number = {name: i for i, name in enumerate(sorted({each.label for each in found if each.label}))}
    labels = np.array([number.get(each.label, -1) for each in found], dtype=np.int64) if number else None
    of_split = np.array([each.split for each in found])
    splits = {split: np.flatnonzero(of_split == split).astype(np.int64) for split in SPLITS}
    classes = tuple(map(name_as_text, number))
    info = SetInfo(
        folder_name(folder),
        place_as_text(folder),
        layout.kind,
        {split: indices for split, indices in splits.items() if len(indices)},
        classes,
        labels,
        notes=(*layout.notes, *_notes(found, classes, layout), *_lists(walk, classes), *account.notes),
        warnings=(
            *layout.warnings,
            *_lost_classes(walk, layout, set(number)),
            *_loose(found, has_classes=bool(number)),
            *account.warnings,
        ),
        account=account,
    )
    return FileSet(info, [each.file for each in found], folder)


def _refuse_too_few(folder: Path, count: int, kind: str, account: Account) -> None:
    part = " for training" if kind == "split_folders" else ""
    place = place_as_text(folder)
    if count == 0:
        raise DataError(
            " ".join([f"The folder {place} has no pictures{part}.", *account.warnings]),
            f"Choose a folder with files that end in {SUFFIXES_IN_WORDS}.",
        )
    if count == 1:
        raise DataError(
            " ".join([f"The folder {place} has only one picture{part}.", *account.warnings]),
            "Learning needs at least 2; hundreds are better.",
        )


def _notes(found: list[_Found], classes: tuple[str, ...], layout: Layout) -> Iterable[str]:
    if len(classes) == 1:
        yield f"All labelled pictures are of one class, '{classes[0]}': accuracy (k-NN) needs two or more."
    if layout.kind == "class_folders":
        yield from _inner_folders(found, layout.parts[0].below)
    if layout.kind == "flat":
        yield from _folders_without_meaning(found, layout.parts[0].below)
    beginnings = (
        []
        if classes
        else classes_in_names([each.file.rpartition("/")[2] for each in found if each.split == "train"])
    )
    if beginnings:
        yield f"Names of pictures begin as if by class ({named(beginnings)}); only folders or a list give labels."


def _lists(walk: FolderWalk, classes: tuple[str, ...]) -> Iterable[str]:
    """Point to a list beside pictures that have no labels."""
    names = [name_as_text(name) for name, _ in walk.listing().left_out if suffix_of(name) in (".csv", ".tsv")]
    if names and not classes:
        yield f"Lists lie in the folder ({named(names)}); choose one instead of the folder if it has the labels."


def _inner_folders(found: list[_Found], below: str) -> Iterable[str]:
    depth = below.count("/") + 1 if below else 0
    paths = [each.file.split("/")[depth + 1 : -1] for each in found]
    inner = sorted({name for path in paths for name in path[:2] if name.lower() not in IMAGE_FOLDERS})
    if inner:
        shown = named(list(map(name_as_text, inner)))
        yield f"The first folder names the class; folders inside it ({shown}) are not classes of their own."


def _folders_without_meaning(found: list[_Found], below: str) -> Iterable[str]:
    names = [each.file.removeprefix(f"{below}/") for each in found]
    direct = [name_as_text(name) for name in names if "/" not in name]
    beside = f", for pictures lie beside them ({named(direct)})" if direct else ""
    if len(direct) < len(names):
        yield f"Folders are not taken as classes here{beside}; choose the layout 'class_folders' if they are."


def _loose(found: list[_Found], *, has_classes: bool) -> Iterable[str]:
    loose = [name_as_text(each.file) for each in found if not each.label]
    if has_classes and loose:
        yield f"Outside the class folders, without a label: {len(loose):,} of {len(found):,} pictures ({named(loose)})."


def _lost_classes(walk: FolderWalk, layout: Layout, known: set[str]) -> Iterable[str]:
    """Class folders that hold no picture that is read."""
    folders = {
        name for part in layout.parts if part.label is None for name in walk.listing(part.below).folders
    }
    lost = sorted(map(name_as_text, folders - known))
    if lost and known:
        yield f"No picture that can be read lies in {len(lost):,} of {len(folders):,} class folders: {named(lost)}."
