"""Chooses how attention is drawn, and at which size the picture is looked at."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from studio import wording
from studio.viewers.attention_mass import MASS
from studio.viewers.attention_pictures import MEAN, AttentionStyle, head_name
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip

OFFICIAL_SIZE = 480  # DINO, official file visualize_attention.py, --image_size
PAGE_STEP = 5


class AttentionControls(QWidget):
    """Sliders for mass and opacity, what is outlined, which map lies over the picture, and the size.

    Args:
        parent: Qt owner.
    """

    style_changed = Signal()
    size_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attention_controls")
        usual = AttentionStyle()
        self.mass, self._mass_label = self._make_slider("Mass to outline", "attention_mass", usual.mass)
        self.opacity, self._opacity_label = self._make_slider(
            "Opacity of the map", "attention_opacity", usual.opacity
        )
        self.back = make_button(
            f"DINO's {wording.percent(MASS, 0)}", "attention_mass_back", self._on_back, role="quiet"
        )
        set_tip(self.back, "Back to the share that DINO's paper shows")
        self.outlined = self._make_box(
            "Outline", "attention_outline", "Outline the patches that hold the mass"
        )
        self.outlined.setChecked(usual.has_outline)
        self.own_scale = self._make_box(
            "Own scale",
            "attention_own_scale",
            "Stretch each map over all colours; weak ones look strong then",
        )
        self.over = self._make_choice("attention_over", "Map over the picture")
        self.size_box = self._make_choice("attention_size", "Size of the picture for the network")
        set_tip(self.size_box, "Larger pictures give finer maps than the run was trained with")
        self._lay_out()
        self.set_heads(0)
        self._say()
        for slider in (self.mass, self.opacity):
            slider.valueChanged.connect(self._on_style)
        for box in (self.outlined, self.own_scale):
            box.toggled.connect(self._on_style)
        self.over.currentIndexChanged.connect(self._on_style)
        self.size_box.currentIndexChanged.connect(lambda _index: self.size_changed.emit())

    @property
    def drawing(self) -> AttentionStyle:
        """How maps are drawn."""
        return AttentionStyle(
            mass=self.mass.value() / 100,
            opacity=self.opacity.value() / 100,
            over=str(self.over.currentData()),
            has_outline=self.outlined.isChecked(),
            own_scale=self.own_scale.isChecked(),
        )

    @property
    def size_px(self) -> int | None:
        """Shorter side of the picture for the network; None leaves it as the run was trained."""
        chosen = self.size_box.currentData()
        return int(chosen) if chosen else None

    def set_trained_size(self, size: int) -> None:
        """Offer a run's own size, its double, and the official one where that is larger; emits nothing."""
        with QSignalBlocker(self.size_box):
            self.size_box.clear()
            self.size_box.addItem(f"{size} px, as trained", None)
            for other in sorted({2 * size, OFFICIAL_SIZE}):
                if other > size:
                    self.size_box.addItem(f"{other} px", other)

    def set_heads(self, number: int) -> None:
        """Offer so many heads; the chosen one stays where it is still there, and nothing is emitted."""
        names = [MEAN, *(head_name(head) for head in range(number))]
        if names == [self.over.itemData(row) for row in range(self.over.count())]:
            return
        before = self.over.currentData()
        with QSignalBlocker(self.over):
            self.over.clear()
            for name in names:
                words = "Mean of heads" if name == MEAN else f"Head {names.index(name)}"
                self.over.addItem(words, name)
            self.over.setCurrentIndex(max(self.over.findData(before), 0))

    def _on_style(self) -> None:
        self._say()
        self.style_changed.emit()

    def _on_back(self) -> None:
        self.mass.setValue(round(100 * MASS))

    def _say(self) -> None:
        for slider, label in ((self.mass, self._mass_label), (self.opacity, self._opacity_label)):
            label.setText(wording.percent(slider.value() / 100, 0))
            slider.setAccessibleDescription(label.text())
        self.back.setEnabled(self.mass.value() != round(100 * MASS))

    def _make_slider(self, words: str, name: str, share: float) -> tuple[QSlider, QLabel]:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setObjectName(f"{name}_slider")
        slider.setAccessibleName(words)
        slider.setRange(0, 100)
        slider.setPageStep(PAGE_STEP)
        slider.setMinimumWidth(48)
        slider.setValue(round(100 * share))
        label = make_label("100 %", f"{name}_label")
        label.setMinimumWidth(label.sizeHint().width())
        return slider, label

    def _make_box(self, words: str, name: str, tip: str) -> QCheckBox:
        box = QCheckBox(words, self)
        box.setObjectName(name)
        box.setAccessibleName(tip)
        set_tip(box, tip)
        return box

    def _make_choice(self, name: str, words: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        box.setAccessibleName(words)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    def _lay_out(self) -> None:
        mass, over = QHBoxLayout(), QHBoxLayout()
        mass.addWidget(make_label("Mass", "attention_mass_title", "muted"))
        mass.addWidget(self.mass, 1)
        for widget in (self._mass_label, self.back, self.outlined, self.own_scale):
            mass.addWidget(widget)
        over.addWidget(make_label("Overlay", "attention_over_title", "muted"))
        over.addWidget(self.over)
        over.addWidget(self.opacity, 1)
        over.addWidget(self._opacity_label)
        over.addWidget(make_label("Size", "attention_size_title", "muted"))
        over.addWidget(self.size_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for row in (mass, over):
            row.setSpacing(8)
            layout.addLayout(row)
