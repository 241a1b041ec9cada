"""The values behind a chart as a table, for copying and for those who cannot see a curve."""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTableView, QVBoxLayout, QWidget
from typing_extensions import override

from studio import theme
from studio.charts.series import Points
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label

Index = QModelIndex | QPersistentModelIndex
Row = tuple[int, *tuple[float | None, ...]]


def rows_of(points: Mapping[str, Points]) -> list[Row]:
    """Join several series by step.

    Args:
        points: Title -> points.

    Returns:
        One row a step: the step, then a value of each series, None where it has no finite one there.
    """
    every_step = (
        np.unique(np.concatenate([one.steps for one in points.values()])) if points else np.zeros(0, int)
    )
    columns = []
    for one in points.values():
        column = np.full(len(every_step), np.nan)
        column[np.searchsorted(every_step, one.steps)] = one.values
        columns.append([value if np.isfinite(value) else None for value in column.tolist()])
    return [(step, *values) for step, *values in zip(every_step.tolist(), *columns, strict=True)]


def as_tsv(points: Mapping[str, Points]) -> str:
    """The same as text that a spreadsheet takes: a head line, then tab-separated rows."""
    lines = ["\t".join(["step", *points])]
    lines += ["\t".join("" if cell is None else repr(cell) for cell in row) for row in rows_of(points)]
    return "\n".join(lines) + "\n"


class ValuesModel(QAbstractTableModel):
    """Rows of numbers with a head line.

    Args:
        titles: Titles of the series.
        rows: What ``rows_of`` returned.
    """

    def __init__(self, titles: Sequence[str], rows: list[Row]) -> None:
        super().__init__()
        self._head = ["Step", *titles]
        self._rows = rows

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._head)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        cell = self._rows[index.row()][index.column()]
        return "" if cell is None else f"{cell:,}" if isinstance(cell, int) else f"{cell:.6g}"

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._head[section]
        return None

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._rows.sort(
            key=lambda row: (row[column] is not None, row[column] or 0),
            reverse=order == Qt.SortOrder.DescendingOrder,
        )
        self.layoutChanged.emit()


class DataTable(QDialog):
    """Shows the values of a chart.

    Args:
        title: Title of the chart.
        points: Title of each series -> its points.
        parent: The chart.
    """

    def __init__(self, title: str, points: Mapping[str, Points], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data_table")
        self.setWindowTitle(f"{title}: values")
        self.setAccessibleName(f"{title}: values")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(460, 520)
        self._points = dict(points)
        self.model = ValuesModel(list(points), rows_of(points))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        if any(one.level for one in points.values()):
            column.addWidget(
                make_label(
                    "Each row sums up several steps: zoom in to see every one.",
                    "data_note",
                    "muted",
                    wraps=True,
                )
            )
        self.view = QTableView()
        self.view.setObjectName("data_view")
        self.view.setAccessibleName(f"{title}: values")
        self.view.setModel(self.model)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.view.setTabKeyNavigation(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(theme.ROW_HEIGHT)
        column.addWidget(self.view)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(make_button("Copy all", "data_copy", self.copy, icon="copy"))
        row.addWidget(make_button("Close", "data_close", self.close))
        column.addLayout(row)

    def copy(self) -> None:
        """Put all rows on the clipboard as tab-separated text."""
        QGuiApplication.clipboard().setText(as_tsv(self._points))
