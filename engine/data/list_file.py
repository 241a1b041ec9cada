"""Pictures named in a list: a CSV or TSV file with path, label and split."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.layout import SPLIT_NAMES
from engine.data.picture_set import FileSet, Indices, SetInfo
from engine.data.suffixes import PICTURE_SUFFIXES, SUFFIXES_IN_WORDS
from engine.errors import DataError

LIST_SUFFIXES = (".csv", ".tsv", ".txt")

# Names people give to the columns.
PATH_NAMES = frozenset(
    {"path", "file", "filename", "file_name", "filepath", "image", "image_path", "picture", "name"}
)
LABEL_NAMES = frozenset({"label", "class", "category", "target", "class_name", "labels"})
SPLIT_COLUMN_NAMES = frozenset({"split", "subset", "set", "partition", "fold"})

# So many paths are tried before a list whose pictures are all missing is refused.
PATHS_TRIED = 50


@dataclass(frozen=True)
class _Row:
    path: str
    label: str
    split: str


def open_list(file: Path) -> FileSet:
    """Open a list of pictures.

    One picture a line: ``path``, or ``path,label``, or ``path,label,split``; commas, semicolons or tabs. A header may
    name the columns in any order. Paths are relative to the list's folder, or absolute. Labels that are all whole
    numbers are sorted as numbers.

    Raises:
        DataError: When it cannot be read as a list or none of its pictures is there.
    """
    rows = _parse(file)
    _refuse(file, rows)
    splits = _splits(file, rows)
    labels, classes = _labels([row.label for row in rows])
    notes = (
        ("All labelled pictures are of one class: accuracy (k-NN) needs two or more.",)
        if len(classes) == 1
        else ()
    )
    info = SetInfo(file.stem, str(file), "list", splits, classes, labels, notes)
    return FileSet(info, [row.path for row in rows], file.parent)


def _parse(file: Path) -> list[_Row]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        lines = [row for row in csv.reader(io.StringIO(text), delimiter=_delimiter(file, text)) if any(row)]
    except UnicodeDecodeError as error:
        raise DataError(f"The list {file.name} is not text in UTF-8.", "Save it as UTF-8.") from error
    except csv.Error as error:
        raise DataError(
            f"The list {file.name} cannot be read: {error}.", "Save it as a plain CSV file."
        ) from error
    except OSError as error:
        raise DataError(f"The list {file.name} cannot be opened: {error.strerror}.") from error
    if not lines:
        raise DataError(f"The list {file.name} is empty.", "Write one picture a line: path,label.")
    columns = _columns(lines[0])
    body = lines[1:] if columns else lines
    return [_row(line, columns or {"path": 0, "label": 1, "split": 2}) for line in body]


def _delimiter(file: Path, text: str) -> str:
    first = text.split("\n", maxsplit=1)[0]
    if file.suffix.lower() == ".tsv" or "\t" in first:
        return "\t"
    return ";" if first.count(";") > first.count(",") else ","


def _columns(first: list[str]) -> dict[str, int]:
    """Places of path, label and split when the first line is a header, else nothing."""
    names = [cell.strip().lower() for cell in first]
    if names[0].endswith(PICTURE_SUFFIXES):
        return {}
    known = {"path": PATH_NAMES, "label": LABEL_NAMES, "split": SPLIT_COLUMN_NAMES}
    found = {what: names.index(name) for what, words in known.items() for name in names if name in words}
    return found if "path" in found else {}


def _row(line: list[str], columns: Mapping[str, int]) -> _Row:
    cells = {what: line[at].strip() if at < len(line) else "" for what, at in columns.items()}
    return _Row(cells["path"].replace("\\", "/"), cells.get("label", ""), cells.get("split", ""))


def _refuse(file: Path, rows: list[_Row]) -> None:
    named = [row for row in rows if row.path.lower().endswith(PICTURE_SUFFIXES)]
    if not named:
        raise DataError(
            f"The list {file.name} names no pictures.",
            f"Write one picture a line, path,label; paths end in {SUFFIXES_IN_WORDS}.",
        )
    if len(rows) == 1:
        raise DataError(f"The list {file.name} names only one picture.", "Learning needs at least 2.")
    if not any((file.parent / row.path).exists() for row in rows[:PATHS_TRIED]):
        raise DataError(
            f"None of the first pictures of {file.name} is there, for example {file.parent / rows[0].path}.",
            "Paths are relative to the folder of the list; move the list or correct them.",
        )


def _splits(file: Path, rows: list[_Row]) -> dict[str, Indices]:
    names = []
    for row in rows:
        split = SPLIT_NAMES.get(row.split.lower() or "train")
        if split is None:
            raise DataError(
                f"The list {file.name} has the split '{row.split}'.", "Splits are train, validation and test."
            )
        names.append(split)
    splits = {
        split: np.flatnonzero(np.array(names) == split).astype(np.int64) for split in dict.fromkeys(names)
    }
    if "train" not in splits:
        raise DataError(f"The list {file.name} has no training pictures.", "Write 'train' for some of them.")
    return splits


def _labels(names: list[str]) -> tuple[Indices | None, tuple[str, ...]]:
    present = {name for name in names if name}
    are_numbers = all(name.removeprefix("-").isdecimal() for name in present)
    classes = tuple(sorted(present, key=(lambda name: (int(name), name)) if are_numbers else None))
    if not classes:
        return None, ()
    number = {name: i for i, name in enumerate(classes)}
    return np.array([number.get(name, -1) for name in names], dtype=np.int64), classes
