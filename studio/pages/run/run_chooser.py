"""Chooses one of the runs by name; a long name neither widens the window nor loses its end."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget
from typing_extensions import override

from engine.store import Run
from studio import wording
from studio.live.run_words import state_words
from studio.widgets.choice_box import ChoiceBox
from studio.widgets.plain_text import set_tip, shown, tip_of

LEAST_CHARACTERS = 8
USUAL_WIDTH = 340


class RunChooser(ChoiceBox):
    """A list of runs.

    Args:
        parent: Qt owner.
    """

    run_chosen = Signal(object)
    """The key of the run that a person chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: dict[int, str] = {}
        self.setObjectName("run_chooser")
        self.setAccessibleName("Which run")
        self.setPlaceholderText("No runs yet")
        self.setMinimumContentsLength(LEAST_CHARACTERS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.activated.connect(lambda _index: self.run_chosen.emit(self.currentData()))

    @override
    def sizeHint(self) -> QSize:
        """Room for a usual name; it gives way where there is less."""
        return QSize(USUAL_WIDTH, super().sizeHint().height())

    def show_runs(self, runs: Sequence[Run], chosen: int | None) -> None:
        """List runs, the chosen one marked."""
        self.blockSignals(True)
        self.clear()
        self._names = {run.id: run.name for run in runs}
        for place, run in enumerate(runs):
            line = f"{run.id} · {wording.shortened(run.name)} · {state_words(run).word}"
            self.addItem(shown(line), run.id)
            self.setItemData(place, tip_of(run.name), Qt.ItemDataRole.ToolTipRole)
        self.mark(chosen)
        self.blockSignals(False)
        self.setEnabled(bool(runs))

    def mark(self, run_id: int | None) -> None:
        """Show which run is open; its whole name is in the tip."""
        self.setCurrentIndex(self.findData(run_id) if run_id is not None else -1)
        set_tip(self, self._names.get(run_id or 0, ""))
