"""Which column of a list says the path, the label and the split: by the names of columns, else by what is in them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.data.account import named
from engine.data.layout import split_of_name
from engine.data.list_paths import is_address
from engine.data.list_rows import Rows
from engine.data.suffixes import is_picture
from engine.file_names import name_as_text

# Names that people give to the columns.
PATH_NAMES = frozenset(
    (
        *(
            "path",
            "file",
            "filename",
            "file_name",
            "filepath",
            "file_path",
            "image",
            "image_path",
            "picture",
            "name",
        ),
        *("img", "img_path", "image_id", "image_name", "image_file", "img_name", "filenames", "files", "id"),
    )
)
LABEL_NAMES = frozenset({"label", "class", "category", "target", "class_name", "labels"})
SPLIT_COLUMN_NAMES = frozenset({"split", "subset", "set", "partition", "fold"})
# Columns of yes and no that name a split.
ASKING_NAMES = re.compile(
    r"is[_ ]?(train|training|valid|val|validation|test|testing)(?:[_ ]?(?:img|image|set))?"
)
YES, NO = frozenset({"true", "1", "yes", "1.0"}), frozenset({"false", "0", "no", "0.0", ""})
# So many rows decide what a column holds.
ROWS_LOOKED_AT = 50
MOST_FOLDS = 50


@dataclass
class Columns:
    """Places of what is read.

    Args:
        path: Column of the paths.
        label: Column of the labels, -1 for none.
        one_hot: Columns that are 1 for the class they are named after; instead of ``label``.
        split: Column of the splits, -1 for none.
        asking: Column of yes and no -> the split that yes means.
        header: Names of the columns; empty without.
        notes: How columns were understood.
        warnings: What may be meant otherwise.
    """

    path: int = 0
    label: int = -1
    one_hot: tuple[int, ...] = ()
    split: int = -1
    asking: dict[int, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def name(self, column: int) -> str:
        """A column as a person calls it."""
        given = self.header[column] if column < len(self.header) else ""
        return f"'{name_as_text(given)}'" if given else f"no. {column + 1}"


def find_columns(rows: Rows, exists: Callable[[str], bool]) -> Columns:
    """Decide what each column is.

    Args:
        rows: All rows; the first perhaps names the columns.
        exists: Whether a cell names a file.
    """
    names = [cell.strip().lower() for cell in rows[0]]
    looked_at = rows[1 : ROWS_LOOKED_AT + 1]
    width = max(len(row) for row in rows[: ROWS_LOOKED_AT + 1])
    scores = [sum(_names_picture(cell_of(row, at), exists) for row in looked_at) for at in range(width)]
    # A first row without a picture is a header, whatever its words are.
    has_header = not any(_names_picture(cell, exists) for cell in rows[0])
    has_header = has_header and (any(scores) or bool(PATH_NAMES & set(names)))
    columns = Columns(header=tuple(rows[0]) if has_header else ())
    body = rows[1:] if has_header else rows
    if has_header and not PATH_NAMES & set(names):
        columns.notes.append(f"The first row names the columns: {named(list(map(name_as_text, rows[0])))}.")
    columns.path = _path_column(names if has_header else [], scores)
    free = [at for at in range(width) if at != columns.path]
    if has_header:
        _say_other_pictures(columns, [at for at in free if at < len(names)], scores)
        _by_header(columns, names, body, free, scores)
    else:
        _by_place(columns, body, [at for at in free if not _is_numbering(body, at)])
    return columns


def cell_of(row: Sequence[str], column: int) -> str:
    """A cell without spaces around it; empty where the row is too short."""
    return row[column].strip() if 0 <= column < len(row) else ""


def _names_picture(cell: str, exists: Callable[[str], bool]) -> bool:
    return is_picture(cell.strip()) or (is_address(cell) and len(cell) > 8) or exists(cell)


def _path_column(names: list[str], scores: list[int]) -> int:
    known = [at for at, name in enumerate(names) if name in PATH_NAMES]
    best = max(range(len(scores)), key=lambda at: (scores[at], at in known, -at))
    return known[0] if known and (scores[known[0]] or not scores[best]) else best


def _by_header(columns: Columns, names: list[str], body: Rows, free: list[int], scores: list[int]) -> None:
    used = _splits_by_header(columns, names, body, free)
    free = [at for at in free if at not in used]
    labels = [at for at in free if at < len(names) and names[at] in LABEL_NAMES]
    others = [
        at
        for at in free
        if not scores[at] and not _is_numbering(body, at) and any(cell_of(row, at) for row in body)
    ]
    if labels:
        columns.label = labels[-1]
        if len(labels) > 1:
            columns.notes.append(f"Labels are those of column {columns.name(labels[-1])}.")
    elif len(others) == 1:
        columns.label = others[0]
        columns.notes.append(f"Column {columns.name(others[0])} is taken as the label.")
    elif others:
        _one_hot_or_none(columns, body, others)


def _splits_by_header(columns: Columns, names: list[str], body: Rows, free: list[int]) -> set[int]:
    """Find what names splits: by the names of columns, else by their values; says which columns these are."""
    words = {at: names[at] if at < len(names) else "" for at in free}
    found = [at for at in free if words[at] in SPLIT_COLUMN_NAMES]
    for at in found:
        _take_split(columns, body, at)
    if not found:
        found = [at for at in free if words[at] not in LABEL_NAMES and _holds_splits(body, at)][:1]
        for at in found:
            columns.split = at
            columns.notes.append(f"Column {columns.name(at)} is taken as the split.")
    for at in free:
        match = ASKING_NAMES.fullmatch(words[at])
        if match and {cell_of(row, at).lower() for row in body} <= YES | NO:
            columns.asking[at] = str(split_of_name(match.group(1)))
            if columns.asking[at] == "train":
                columns.notes.append(f"What column {columns.name(at)} says no of is for testing.")
    return {*found, *columns.asking}


def _by_place(columns: Columns, body: Rows, free: list[int]) -> None:
    """Without a header: path, label and split in this order, or a column for each class."""
    if len(free) > 2 and _are_flags(body, free):
        _one_hot_or_none(columns, body, free)
        return
    free = [at for at in free if any(cell_of(row, at) for row in body)]
    free.sort(key=lambda at: _holds_splits(body, at))  # after the label, wherever it is written
    if free and _holds_splits(body, free[0]):
        columns.split = free[0]
        return
    columns.label = free[0] if free else -1
    if len(free) > 1:
        _take_split(columns, body, free[1])
    if len(free) > 2:
        columns.warnings.append(f"Columns from no. {free[2] + 1} on are not read.")


def _holds_splits(body: Rows, at: int) -> bool:
    """True for a column whose values are names of splits, more than one and all of them."""
    splits = {split_of_name(value) for value in {cell_of(row, at) for row in body} - {""}}
    return len(splits) > 1 and "train" in splits and None not in splits


def _say_other_pictures(columns: Columns, free: list[int], scores: list[int]) -> None:
    others = [columns.name(at) for at in free if scores[at] and scores[at] == scores[columns.path]]
    if others:
        columns.warnings.append(
            f"Of the pictures named in a row, only that of column {columns.name(columns.path)} is read, not "
            f"{named(others)}."
        )


def _take_split(columns: Columns, body: Rows, at: int) -> None:
    """Use a column of splits; folds and what names no split at all are left alone with a word."""
    values = sorted({cell_of(row, at) for row in body} - {""})
    if any(split_of_name(value) for value in values):
        columns.split = at
    elif values and all(value.isdecimal() for value in values) and len(values) <= MOST_FOLDS:
        columns.warnings.append(
            f"Column {columns.name(at)} holds numbers ({named(values)}), such as folds, and is not read: all pictures "
            "train. Write 'validation' for those that judge."
        )
    elif values and not columns.header:
        columns.warnings.append(f"Column {columns.name(at)} names no split and is not read.")
    elif values:
        columns.split = at  # which is refused with the value in words


def _one_hot_or_none(columns: Columns, body: Rows, others: list[int]) -> None:
    shown = named([columns.name(at) for at in others])
    if not _are_flags(body, others):
        columns.warnings.append(f"None of the columns {shown} is called 'label', so none is read as one.")
    elif all(sum(cell_of(row, at) in YES for at in others) <= 1 for row in body):
        columns.one_hot = tuple(others)
        columns.notes.append(f"Each class is a column of 0 and 1: {shown}.")
    else:
        columns.warnings.append(
            f"Pictures have several labels at once (columns {shown}), which k-NN "
            "cannot judge; they are read without labels."
        )


def _are_flags(body: Rows, columns: list[int]) -> bool:
    return len(columns) > 1 and all(
        cell_of(row, at) in {"0", "1", "0.0", "1.0"} for row in body for at in columns
    )


def _is_numbering(body: Rows, at: int) -> bool:
    """True for a column that only counts the rows."""
    cells = [cell_of(row, at) for row in body]
    return len(cells) > 2 and any(cells == [str(start + i) for i in range(len(cells))] for start in (0, 1))
