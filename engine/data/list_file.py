"""Pictures named in a list: a CSV, TSV or text file with path, label and split."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.account import Account, Ledger, named
from engine.data.layout import split_of_name
from engine.data.list_columns import YES, Columns, cell_of, find_columns
from engine.data.list_labels import Labels, read_labels
from engine.data.list_paths import PathFinder, is_address, plain_path
from engine.data.list_rows import Table, read_rows
from engine.data.list_text import read_texts
from engine.data.picture_set import FileSet, Indices, SetInfo
from engine.data.suffixes import SUFFIXES_IN_WORDS, is_picture
from engine.errors import DataError
from engine.file_names import name_as_text, place_as_text

LIST_SUFFIXES = (".csv", ".tsv", ".txt", ".lst", ".tab")

# The split of a picture that a column such as "is_train" says no of.
NOT_TRAINED = "test"
# So many paths are tried before a list whose pictures are all missing is refused.
PATHS_TRIED = 50


@dataclass(frozen=True)
class _Row:
    """One picture: its path, whether there is a file, its label and its split as written."""

    path: str
    is_there: bool
    label: str
    split: str


def open_list(file: Path) -> FileSet:
    """Open a list of pictures.

    One picture a line: ``path``, or ``path,label``, or ``path,label,split``; commas, semicolons, tabs, bars or spaces.
    A first row without a picture names the columns, in any order. Paths are relative to the list's folder, or absolute.
    Labels that are all numbers are sorted as numbers.

    Raises:
        DataError: When it cannot be read as a list or none of its pictures is there.
    """
    name = name_as_text(file.name)
    finder = PathFinder(file.parent)
    table = _read(name, file, finder)
    if not table.rows:
        raise DataError(f"The list {name} is empty.", "Write one picture a line: path,label.")
    columns = find_columns(table.rows, finder.is_there)
    ledger = Ledger()
    rows = _pictures(table.rows[1 if columns.header else 0 :], columns, finder, ledger)
    _refuse(name, file, rows, ledger.account())
    splits = _splits(name, rows)
    labels = read_labels([row.label for row in rows])
    ledger.kept = len(rows)
    info = SetInfo(
        name_as_text(file.stem),
        place_as_text(file),
        "list",
        splits,
        labels.classes,
        labels.numbers,
        notes=tuple(_notes(table, columns, labels, finder, rows)),
        warnings=(*columns.warnings, *labels.warnings, *_doubts(rows), *ledger.account().warnings),
        account=ledger.account(),
    )
    return FileSet(info, [row.path for row in rows], file.parent)


def _read(name: str, file: Path, finder: PathFinder) -> Table:
    """The table; of two readings of its letters, that which names more files that are there."""
    tables = [read_rows(name, text, finder.is_there) for text in read_texts(file)]
    return max(
        tables,
        key=lambda table: sum(finder.is_there(cell) for row in table.rows[:PATHS_TRIED] for cell in row),
    )


def _pictures(rows: Sequence[list[str]], columns: Columns, finder: PathFinder, ledger: Ledger) -> list[_Row]:
    found = []
    for row in rows:
        said = row[columns.path] if columns.path < len(row) else ""
        if not said.strip() or tuple(row) == columns.header:  # lists that were put together repeat it
            ledger.leave_out("nameless", ",".join(row))
        elif is_address(said):
            ledger.leave_out("address", said)
        else:
            path = finder.find(said)
            label, split = _label(row, columns), _split(row, columns)
            found.append(_Row(plain_path(said) if path is None else path, path is not None, label, split))
    return found


def _label(row: list[str], columns: Columns) -> str:
    for at in columns.one_hot:
        if cell_of(row, at) in YES:
            return columns.header[at].strip() if columns.header else str(columns.one_hot.index(at))
    return cell_of(row, columns.label)


def _split(row: list[str], columns: Columns) -> str:
    said = [split for at, split in columns.asking.items() if cell_of(row, at).lower() in YES]
    given = said[0] if said else cell_of(row, columns.split)
    return given or (NOT_TRAINED if "train" in columns.asking.values() else "")


def _refuse(name: str, file: Path, rows: list[_Row], account: Account) -> None:
    if not any(row.is_there or is_picture(row.path.rpartition("/")[2]) for row in rows):
        raise DataError(
            " ".join([f"The list {name} names no pictures.", *account.warnings]),
            f"Write one picture a line, path,label; paths end in {SUFFIXES_IN_WORDS}.",
        )
    if len(rows) == 1:
        raise DataError(f"The list {name} names only one picture.", "Learning needs at least 2.")
    if not any(row.is_there for row in rows[:PATHS_TRIED]):
        example = place_as_text(file.parent / rows[0].path)
        raise DataError(
            f"None of the first pictures of {name} is there, for example {example}.",
            "Paths are relative to the folder of the list; move the list or correct them.",
        )


def _splits(name: str, rows: list[_Row]) -> dict[str, Indices]:
    names = []
    for row in rows:
        split = split_of_name(row.split or "train")
        if split is None:
            raise DataError(
                f"The list {name} has the split '{name_as_text(row.split)}'.",
                "Splits are train, validation and test.",
            )
        names.append(split)
    splits = {
        split: np.flatnonzero(np.array(names) == split).astype(np.int64) for split in dict.fromkeys(names)
    }
    if "train" not in splits:
        raise DataError(f"The list {name} has no training pictures.", "Write 'train' for some of them.")
    return splits


def _notes(
    table: Table, columns: Columns, labels: Labels, finder: PathFinder, rows: list[_Row]
) -> Iterable[str]:
    yield from (*table.notes, *columns.notes, *finder.notes)
    blank = sum(not row.split for row in rows)
    if columns.split >= 0 and blank:
        yield f"Pictures without a split, which train: {blank:,} of {len(rows):,}."
    if table.comments:
        yield f"Lines that begin with '#' are not read: {table.comments:,}."
    if labels.numbers is not None and (labels.numbers < 0).any():
        yield f"Pictures without a label: {int((labels.numbers < 0).sum()):,} of {len(labels.numbers):,}."
    if len(labels.classes) == 1:
        yield "All labelled pictures are of one class: accuracy (k-NN) needs two or more."


def _doubts(rows: list[_Row]) -> Iterable[str]:
    """Say which rows name no file, are repeated, or give one file two labels."""
    missing = [name_as_text(row.path) for row in rows if not row.is_there]
    if missing:
        yield f"Rows that name no file: {len(missing):,} of {len(rows):,} ({named(missing)})."
    repeated = [name_as_text(row.path) for row, times in Counter(rows).items() if times > 1]
    if repeated:
        yield f"Pictures that are listed more than once: {len(repeated):,} ({named(repeated)})."
    labels: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        if row.label:
            labels[row.path][row.label] = None
    disputed = [
        f"{name_as_text(path)} as {' and '.join(map(name_as_text, given))}"
        for path, given in labels.items()
        if len(given) > 1
    ]
    if disputed:
        yield f"Pictures with several labels: {len(disputed):,} ({named(disputed)})."
