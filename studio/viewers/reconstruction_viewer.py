"""What a network rebuilds of a picture: original, masked, predicted, pasted, and the signed error if wanted."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engine.declared import EncoderEntry, MethodEntry
from studio.theme import color, set_role
from studio.viewers.colour_bar import SignedBar
from studio.viewers.images import signed_colours, to_image
from studio.viewers.mask_controls import MaskControls
from studio.viewers.picture_grid import PictureGrid
from studio.viewers.viewer import Arrays, Viewer
from studio.widgets.labels import PlainLabel

ERROR = "error"
# The ramp never follows the data: two checkpoints must be comparable by eye.
ERROR_LIMIT = 0.5
ERROR_UNIT = "of full brightness"


class ReconstructionViewer(Viewer):
    """Shows one reconstruction under a mask of any ratio; the pictures zoom and move together.

    Args:
        parent: Qt owner.
    """

    name: ClassVar[str] = "reconstruction"
    title: ClassVar[str] = "Reconstruction"
    order: ClassVar[int] = 10
    operation: ClassVar[str] = "reconstruct"
    doing: ClassVar[str] = "The network rebuilds the picture"
    needs: ClassVar[str] = "a method that rebuilds pictures"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._info: Mapping[str, Any] = {}
        self.controls: MaskControls = MaskControls(self)
        self.controls.changed.connect(self.changed)
        self.controls.error_toggled.connect(lambda _shows: self._show())
        self.facts = PlainLabel(parent=self)
        self.facts.setObjectName("reconstruction_facts")
        self.note = PlainLabel(parent=self)
        self.note.setObjectName("reconstruction_note")
        self.note.setWordWrap(True)
        set_role(self.note, "muted")
        self._bar = SignedBar(ERROR_LIMIT, ERROR_UNIT, self)
        self._bar.hide()
        self.grid = PictureGrid(self._make_footer(), self)
        self.grid.failed.connect(self.failed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)

    @classmethod
    @override
    def fits(cls, method: MethodEntry, encoder: EncoderEntry) -> bool:
        return method.rebuilds

    @override
    def show_run(self, recipe: Mapping[str, Any]) -> None:
        self.controls.set_trained_ratio(recipe.get("settings", {}).get("mask_ratio"))

    @override
    def request(self) -> dict[str, Any]:
        return {"mask_ratio": self.controls.ratio, "seed": self.controls.seed}

    @override
    def show_look(self, arrays: Arrays, info: Mapping[str, Any]) -> None:
        """Show a reply of the inspector.

        Args:
            arrays: Pictures (H, W, C) uint8 by name, and ``error`` (H, W) real.
            info: ``titles``, ``order``, ``loss`` and ``note``.
        """
        self._arrays, self._info = dict(arrays), info
        self.note.setText(str(info.get("note", "")))
        self.note.setVisible(bool(self.note.text()))
        self.facts.setText(_facts(info))
        self._show()

    @override
    def clear(self) -> None:
        self._arrays, self._info = {}, {}
        self.grid.clear()
        self.facts.clear()
        self.note.clear()
        self._bar.hide()

    def _make_footer(self) -> QWidget:
        """The numbers, the legend of the error and what the pictures mean."""
        footer = QWidget(self)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.facts, 1)
        row.addWidget(self._bar)
        column = QVBoxLayout(footer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.note)
        return footer

    def _show(self) -> None:
        names = [name for name in self._info.get("order", self._arrays) if name in self._arrays]
        shown = [name for name in names if name != ERROR or self.controls.error.isChecked()]
        images = {name: self._image(name) for name in shown}
        self._bar.setVisible(ERROR in shown)
        self.grid.show_images(images, self._info.get("titles", {}), shown)

    def _image(self, name: str) -> QImage:
        array = self._arrays[name]
        if array.dtype == np.uint8:
            return to_image(array)
        ramp = (color("error_below"), color("error_zero"), color("error_above"))
        return to_image(signed_colours(array, ERROR_LIMIT, *ramp))


def _facts(info: Mapping[str, Any]) -> str:
    """The numbers of a reconstruction in one line."""
    parts = []
    if info.get("loss") is not None:
        parts.append(f"Loss of this picture {float(info['loss']):.3g}")
    if info.get("step") is not None:
        parts.append(f"step {int(info['step']):,}")
    return " · ".join(parts)
