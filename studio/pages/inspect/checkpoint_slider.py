"""Chooses one of a run's checkpoints: a slider over its steps that follows the newest until it is moved."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from engine.store import Artifact
from studio import wording
from studio.widgets.labels import make_label, make_name_label

SCORE = "score"


class CheckpointSlider(QWidget):
    """One notch a checkpoint; the label says its step, and its k-NN accuracy where it was judged.

    Args:
        parent: Qt owner.
    """

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("checkpoint_chooser")
        self._checkpoints: list[Artifact] = []
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName("checkpoint_slider")
        self.slider.setAccessibleName("Checkpoint")
        self.slider.setPageStep(1)
        self.slider.setMinimumWidth(48)
        self.slider.valueChanged.connect(self._on_moved)
        self.label = make_name_label("", "checkpoint_label")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(make_label("Checkpoint", "checkpoint_title", "muted"))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        self.show_checkpoints([])

    @property
    def current(self) -> Artifact | None:
        """The chosen checkpoint."""
        return self._checkpoints[self.slider.value()] if self._checkpoints else None

    def show_checkpoints(self, checkpoints: list[Artifact]) -> None:
        """Show a run's checkpoints, by step; emits ``chosen`` when another one is in force then."""
        before = self.current
        follows = not self._checkpoints or self.slider.value() == self.slider.maximum()
        self._checkpoints = list(checkpoints)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(len(checkpoints) - 1, 0))
        self.slider.setValue(self.slider.maximum() if follows else self._nearest(before))
        self.slider.blockSignals(False)
        self.slider.setEnabled(len(checkpoints) > 1)
        self._say()
        if self.current != before:
            self.chosen.emit()

    def choose(self, artifact_id: int) -> None:
        """Choose a checkpoint by its key."""
        for number, checkpoint in enumerate(self._checkpoints):
            if checkpoint.id == artifact_id:
                self.slider.setValue(number)

    def _nearest(self, before: Artifact | None) -> int:
        """The place of the checkpoint that was chosen, or of the one nearest to it when it was cleared."""
        if before is None or not self._checkpoints:
            return 0
        steps = [abs(checkpoint.step - before.step) for checkpoint in self._checkpoints]
        return steps.index(min(steps))

    def _on_moved(self) -> None:
        self._say()
        self.chosen.emit()

    def _say(self) -> None:
        current = self.current
        if current is None:
            self.label.setText("none yet")
            return
        parts = [f"step {wording.count(current.step)}"]
        if SCORE in current.meta:
            parts.append(f"k-NN {wording.percent(float(current.meta[SCORE]))}")
        parts.append(f"{self.slider.value() + 1} of {len(self._checkpoints)}")
        self.label.setText(" · ".join(parts))
        self.slider.setAccessibleDescription(self.label.text())
