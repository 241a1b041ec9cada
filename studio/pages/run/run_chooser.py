"""Chooses one of the runs by name; a long name neither widens the window nor loses its end."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from engine.store import Run
from studio import wording
from studio.live.run_words import state_words
from studio.widgets.plain_text import shown, tip_of

LEAST_CHARACTERS = 8
WIDEST = 480


class RunChooser(QComboBox):
    """A list of runs.

    Args:
        parent: Qt owner.
    """

    run_chosen = Signal(object)
    """The key of the run that a person chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run_chooser")
        self.setAccessibleName("Which run")
        self.setPlaceholderText("No runs yet")
        self.setMinimumContentsLength(LEAST_CHARACTERS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(WIDEST)
        self.activated.connect(lambda _index: self.run_chosen.emit(self.currentData()))

    def show_runs(self, runs: Sequence[Run], chosen: int | None) -> None:
        """List runs, the chosen one marked."""
        self.blockSignals(True)
        self.clear()
        for place, run in enumerate(runs):
            line = f"{run.id} · {wording.shortened(run.name)} · {state_words(run).word}"
            self.addItem(shown(line), run.id)
            self.setItemData(place, tip_of(run.name), Qt.ItemDataRole.ToolTipRole)
        self.mark(chosen)
        self.blockSignals(False)
        self.setEnabled(bool(runs))

    def mark(self, run_id: int | None) -> None:
        """Show which run is open."""
        self.setCurrentIndex(self.findData(run_id) if run_id is not None else -1)
