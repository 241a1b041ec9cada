"""Chooses how much is hidden, and another draw of what."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSlider, QWidget

from studio import wording
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label

LEAST, MOST = 1, 99


class MaskControls(QWidget):
    """A slider for the mask ratio, a button for a new mask, a box for the error.

    Args:
        parent: Qt owner.
    """

    changed = Signal()
    error_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mask_controls")
        self.seed = 0
        self._trained_with: float | None = None
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName("mask_ratio_slider")
        self.slider.setAccessibleName("Mask ratio")
        self.slider.setRange(LEAST, MOST)
        self.slider.setPageStep(5)
        self.slider.setMinimumWidth(120)
        self.slider.valueChanged.connect(self._on_moved)
        self.label = make_label("", "mask_ratio_label")
        self.back = make_button("As trained", "mask_as_trained", self._on_back, role="quiet")
        self.new_mask = make_button("New mask", "inspect_new_mask", self._on_new_mask)
        self.error = QCheckBox("Error", self)
        self.error.setObjectName("show_error")
        self.error.setAccessibleName("Show the signed error")
        self.error.toggled.connect(self.error_toggled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(make_label("Mask ratio", "mask_ratio_title", "muted"))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        layout.addWidget(self.back)
        layout.addWidget(self.new_mask)
        layout.addWidget(self.error)
        self.set_trained_ratio(None)

    @property
    def ratio(self) -> float | None:
        """Share of patches to hide; None leaves it as the run was trained."""
        value = self.slider.value() / 100
        return None if self._trained_with is None or self._is_as_trained else value

    def set_trained_ratio(self, ratio: float | None) -> None:
        """Start from the ratio a run was trained with; None for a method that has none."""
        self._trained_with = ratio
        self.slider.blockSignals(True)
        self.slider.setValue(round(100 * ratio) if ratio is not None else LEAST)
        self.slider.blockSignals(False)
        for widget in (self.slider, self.new_mask):
            widget.setEnabled(ratio is not None)
        self._say()

    @property
    def _is_as_trained(self) -> bool:
        return self._trained_with is not None and self.slider.value() == round(100 * self._trained_with)

    def _on_moved(self) -> None:
        self._say()
        self.changed.emit()

    def _on_back(self) -> None:
        if self._trained_with is not None:
            self.slider.setValue(round(100 * self._trained_with))

    def _on_new_mask(self) -> None:
        self.seed += 1
        self.changed.emit()

    def _say(self) -> None:
        if self._trained_with is None:
            self.label.setText("none")
        elif self._is_as_trained:
            self.label.setText(wording.percent(self._trained_with, 0))
        else:
            self.label.setText(wording.percent(self.slider.value() / 100, 0))
        self.back.setEnabled(self._trained_with is not None and not self._is_as_trained)
