"""The rows of a list: cells divided by commas, semicolons, tabs, bars or spaces."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from engine.data.suffixes import PICTURE_SUFFIXES
from engine.errors import DataError

Exists = Callable[[str], bool]
Rows = list[list[str]]
# "sep=;" is what Excel writes first to name the delimiter.
_SEPARATOR = re.compile(r"sep=(.)\n")
# Columns before a path: the number of the row and a label.
MOST_BEFORE = 2
_NUMBER_FIRST = re.compile(r"(-?\d+)\s+(.*)")
_AFTER_PICTURE = re.compile(rf"(.*(?:{'|'.join(map(re.escape, PICTURE_SUFFIXES))}))\s+(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """What a list says, cell by cell.

    Args:
        rows: Cells of every row that is not empty, the first perhaps names of columns.
        comments: Lines that begin with "#".
        notes: What was odd about them.
    """

    rows: Rows
    comments: int = 0
    notes: tuple[str, ...] = ()


def read_rows(name: str, text: str, exists: Exists) -> Table:
    """Divide a list into rows and cells.

    Args:
        name: Of the file, as text.
        text: Lines that end in line feeds.
        exists: Whether a path of the list names a file.

    Raises:
        DataError: When it cannot be read as a table.
    """
    separator = _SEPARATOR.match(text)
    body = text[separator.end() :] if separator else text
    delimiter = separator.group(1) if separator else _delimiter(name, body)
    notes: tuple[str, ...] = ()
    if delimiter == " ":
        rows = [_by_spaces(line, exists) for line in body.split("\n")]
    else:
        rows, notes = _by_delimiter(name, body, delimiter)
        rows = _join_cut_paths(rows, delimiter, exists)
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    said = [row for row in rows if not _is_comment(row, exists)]
    return Table(said, len(rows) - len(said), notes)


def _delimiter(name: str, text: str) -> str:
    first = next(
        (line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")), ""
    )
    if "\t" in first:
        return "\t"
    if ";" in first or "," in first:
        return ";" if first.count(";") > first.count(",") else ","
    if "|" in first:
        return "|"
    return "\t" if name.lower().endswith(".tsv") and "\t" in text else " "


def _by_delimiter(name: str, text: str, delimiter: str) -> tuple[Rows, tuple[str, ...]]:
    rows = _parse(name, text, delimiter, csv.QUOTE_MINIMAL)
    # A quotation mark that is never closed swallows all lines up to the next one.
    if any("\n" in cell and delimiter in cell for row in rows for cell in row):
        return _parse(name, text, delimiter, csv.QUOTE_NONE), (
            "Quotation marks in the list do not come in pairs; they are read as letters.",
        )
    return rows, ()


def _parse(name: str, text: str, delimiter: str, quoting: int) -> Rows:
    try:
        return list(
            csv.reader(io.StringIO(text), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
        )
    except csv.Error as error:
        raise DataError(
            f"The list {name} cannot be read: {error}.", "Save it as a plain CSV file."
        ) from error


def _by_spaces(line: str, exists: Exists) -> list[str]:
    """A path, which may hold spaces itself, and what is before and after it: the longest path that is there wins."""
    line = line.strip()
    gaps = [(match.start(), match.end()) for match in re.finditer(r"\s+", line)]
    for begin in [0, *(after for _, after in gaps[:MOST_BEFORE])]:
        for end in [len(line), *(before for before, _ in reversed(gaps) if before > begin)]:
            if exists(line[begin:end]):
                return [*line[:begin].split(), line[begin:end], *line[end:].split()]
    number = _NUMBER_FIRST.fullmatch(line)
    before, rest = number.groups() if number else ("", line)
    match = _AFTER_PICTURE.fullmatch(rest)
    if match:
        return [*before.split(), match.group(1), *match.group(2).split()]
    return [*before.split(), rest] if rest.lower().endswith(PICTURE_SUFFIXES) else line.split()


def _join_cut_paths(rows: Rows, delimiter: str, exists: Exists) -> Rows:
    """Mend rows with more cells than the others whose path holds the delimiter without quotation marks."""
    widths = Counter(len(row) for row in rows if any(row))
    width = widths.most_common(1)[0][0] if widths else 0
    return [_joined(row, width, delimiter, exists) if len(row) > width else row for row in rows]


def _joined(row: list[str], width: int, delimiter: str, exists: Exists) -> list[str]:
    extra = len(row) - width + 1
    for at in range(width):
        path = delimiter.join(row[at : at + extra])
        if exists(path):
            return [*row[:at], path, *row[at + extra :]]
    return row


def _is_comment(row: list[str], exists: Exists) -> bool:
    first = row[0].strip()
    return first.startswith("#") and not first.lower().endswith(PICTURE_SUFFIXES) and not exists(first)
