"""The queue: what trains next; its order is changed by dragging or with two buttons."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget
from typing_extensions import override

from engine.errors import StoreError
from engine.store import Run, RunStatus, move_run, queued_runs, requeue_run, update_run
from studio import theme, wording
from studio.context import StudioContext
from studio.live.run_actions import Action
from studio.pages.run_control import control
from studio.widgets.buttons import make_icon_button
from studio.widgets.card import Card
from studio.widgets.plain_text import set_tip, shown

_RUN_ID = Qt.ItemDataRole.UserRole


class QueueCard(Card):
    """Lists the queued runs in the order they will be taken.

    Args:
        context: Store, watch and toasts.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__("Queue", "queue_card", parent)
        self._context = context
        self.up = make_icon_button("up", "Earlier", "queue_up", lambda: self._move(-1))
        self.down = make_icon_button("down", "Later", "queue_down", lambda: self._move(1))
        self.remove = make_icon_button("close", "Take out of the queue", "queue_remove", self._remove)
        for button in (self.up, self.down, self.remove):
            self.heading_row.addWidget(button)
        self.list = QListWidget()
        self.list.setObjectName("queue_list")
        self.list.setAccessibleName("Queue")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        theme.set_role(self.list, "plain")
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        set_tip(self.list, "Drag to change the order; Delete takes a run out of the queue.")
        self.list.viewport().installEventFilter(self)
        self.list.installEventFilter(self)
        self.list.currentRowChanged.connect(lambda _row: self._enable())
        self.list.itemDoubleClicked.connect(lambda item: self._open(item))
        self.body.addWidget(self.list)

    def refresh(self) -> list[Run]:
        """Read the queue; the chosen run stays chosen.

        Returns:
            The queued runs in order.
        """
        runs = queued_runs(self._context.store)
        chosen = self._chosen()
        self.list.clear()
        for number, run in enumerate(runs, start=1):
            item = QListWidgetItem(theme.icon("queue", "muted"), shown(f"{number}. {run.name}"))
            item.setData(_RUN_ID, run.id)
            # As wide as the list is: what does not fit is elided, and the tip has it.
            item.setSizeHint(QSize(1, theme.ROW_HEIGHT))
            set_tip(item, f"{run.name}\nRun {run.id}, {run.method}, device {run.device}")
            self.list.addItem(item)
            if run.id == chosen:
                self.list.setCurrentItem(item)
        if chosen is None and runs:
            self.list.setCurrentRow(0)
        height = max(len(runs), 1) * theme.ROW_HEIGHT + 8
        self.list.setFixedHeight(min(height, 8 * theme.ROW_HEIGHT))
        self._enable()
        return runs

    def write_order(self) -> None:
        """Write the place where the chosen run stands in the list into the store."""
        chosen = self._chosen()
        if chosen is not None:
            self._place(chosen, self.list.currentRow())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Drop and watched is self.list.viewport():
            # The list moves its item only after the event: look at the order then.
            QTimer.singleShot(0, self, self.write_order)
        if watched is self.list and isinstance(event, QKeyEvent) and _is_delete(event):
            self._remove()
            return True
        return False

    def _move(self, by: int) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._place(chosen, max(self.list.currentRow() + by, 0))

    def _place(self, run_id: int, position: int) -> None:
        try:
            move_run(self._context.store, run_id, position)
        except StoreError as error:
            self._context.toast(str(error), "bad")
        self.refresh()
        self._context.watch.check()

    def _remove(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        name = wording.shortened(self.list.currentItem().text().partition(". ")[2])
        control(self._context, chosen, Action.UNQUEUE)
        self._context.toast(
            f"'{name}' is out of the queue.", "info", ("Undo", lambda: self._put_back(chosen))
        )
        self.refresh()

    def _put_back(self, run_id: int) -> None:
        store = self._context.store
        try:
            run = self._context.watch.runs.get(run_id)
            if run is not None and run.status is RunStatus.DRAFT:
                update_run(store, run_id, status=RunStatus.QUEUED)
            else:
                requeue_run(store, run_id)
        except StoreError as error:
            self._context.toast(str(error), "bad")
        self._context.watch.check()

    def _open(self, item: QListWidgetItem) -> None:
        self._context.navigate("run", {"run_id": item.data(_RUN_ID)})

    def _chosen(self) -> int | None:
        item = self.list.currentItem()
        return None if item is None else int(item.data(_RUN_ID))

    def _enable(self) -> None:
        row = self.list.currentRow()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < self.list.count() - 1)
        self.remove.setEnabled(row >= 0)


def _is_delete(event: QKeyEvent) -> bool:
    return event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Delete
