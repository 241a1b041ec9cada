"""The newest runs, whatever became of them."""

import time
from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget
from typing_extensions import override

from engine.store import Run, RunStatus, SeriesSummary, list_runs, series_summaries
from studio import theme, wording
from studio.context import StudioContext
from studio.live.last_values import worded
from studio.live.run_words import state_words, took_words
from studio.widgets.card import Card
from studio.widgets.plain_text import set_tip, shown

MOST = 8
# What waits is in the queue's card.
_STARTED = [status for status in RunStatus if status is not RunStatus.QUEUED]
_COLUMNS = ("Run", "State", "Loss", "k-NN top-1", "Took", "Started")
_TIMES = (4, 5)
_VALUES = {2: "loss", 3: "knn"}
_TOOK = 4
WIDTH_OF_ALL = 620
"""Pixels below which the time a run took gives its room to the names."""


class RecentCard(Card):
    """A short table; Enter or a double click opens a run.

    Args:
        context: Store and navigation.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__("Recent runs", "recent_card", parent)
        self._context = context
        self._runs: list[Run] = []
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setObjectName("recent_table")
        self.table.setAccessibleName("Recent runs")
        theme.set_role(self.table, "plain")
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.ROW_HEIGHT)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.cellActivated.connect(lambda row, _column: self._open(row))
        self.body.addWidget(self.table)

    def refresh(self) -> list[Run]:
        """Read the newest runs.

        Returns:
            What is listed.
        """
        chosen = self._chosen()
        runs = list_runs(self._context.store, statuses=_STARTED, limit=MOST)
        summaries = series_summaries(self._context.store, [run.id for run in runs])
        self._runs = runs
        self.table.setRowCount(len(runs))
        for row, run in enumerate(runs):
            self._fill(row, run, summaries.get(run.id, {}))
        self._choose(chosen)
        header = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(header + max(len(runs), 1) * theme.ROW_HEIGHT + 6)
        return runs

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.setColumnHidden(_TOOK, event.size().width() < WIDTH_OF_ALL)

    def say_times(self) -> None:
        """Say anew how long runs have worked and how long ago they were started."""
        for row, run in enumerate(self._runs):
            for column, text in zip(_TIMES, _times(run), strict=True):
                item = self.table.item(row, column)
                if item is not None and item.text() != text:
                    item.setText(text)
                    set_tip(item, text)

    def show_values(self, run_id: int, summaries: Mapping[str, SeriesSummary]) -> None:
        """Say the newest values of a run as its own card says them."""
        row = next((row for row, run in enumerate(self._runs) if run.id == run_id), None)
        if row is None:
            return
        for column, name in _VALUES.items():
            item = self.table.item(row, column)
            if item is not None:
                text = _last(summaries, name)
                item.setText(text)
                set_tip(item, text)

    def _chosen(self) -> int | None:
        row = self.table.currentRow()
        return self._runs[row].id if self.table.selectedItems() and 0 <= row < len(self._runs) else None

    def _choose(self, run_id: int | None) -> None:
        """Keep the run chosen wherever it stands now; one that is listed no more leaves nothing chosen."""
        row = next((row for row, run in enumerate(self._runs) if run.id == run_id), None)
        if row is not None:
            self.table.setCurrentCell(row, max(self.table.currentColumn(), 0))
        elif run_id is not None:
            self.table.setCurrentCell(-1, -1)

    def _fill(self, row: int, run: Run, summaries: Mapping[str, SeriesSummary]) -> None:
        state = state_words(run)
        values = [_last(summaries, name) for name in _VALUES.values()]
        texts = (run.name, state.word, *values, *_times(run))
        for column, text in enumerate(texts):
            item = QTableWidgetItem(shown(text))
            set_tip(item, text)
            if column == 0:
                item.setIcon(_swatch(theme.run_color(run.id)))
            if column == 1:
                item.setIcon(theme.icon(state.icon, state.token))
            self.table.setItem(row, column, item)

    def _open(self, row: int) -> None:
        self._context.navigate("run", {"run_id": self._runs[row].id})


def _times(run: Run) -> tuple[str, str]:
    """How long a run has worked, and how long ago it was started."""
    started = wording.NOTHING if run.started_at is None else wording.ago(run.started_at)
    return took_words(run, time.time()) or wording.NOTHING, started


def _swatch(color: QColor) -> QIcon:
    """The colour that the run has in every chart."""
    picture = QPixmap(10, 10)
    picture.fill(color)
    return QIcon(picture)


def _last(summaries: Mapping[str, SeriesSummary], name: str) -> str:
    return worded(name, summaries[name].last_value) if name in summaries else wording.NOTHING
