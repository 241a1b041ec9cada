"""Where a transformer looks: the picture, a map over it, the mean of the heads and each head."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engine.declared import EncoderEntry, MethodEntry
from studio import wording
from studio.viewers.attention_controls import AttentionControls
from studio.viewers.attention_pictures import (
    MEAN,
    OVERLAY,
    PICTURE,
    head_name,
    highest,
    kept_patches,
    named_maps,
    paint_attention,
)
from studio.viewers.colour_bar import RampBar
from studio.viewers.images import to_image
from studio.viewers.picture_grid import PictureGrid
from studio.viewers.viewer import Arrays, Viewer
from studio.widgets.labels import make_label

UNIT = "times even attention"


class AttentionViewer(Viewer):
    """Shows the last block's attention of the class token, one map per head.

    Mass, opacity, outline and scale are computed here from the maps that are there already; only another size of the
    picture asks the engine again.

    Args:
        parent: Qt owner.
    """

    name: ClassVar[str] = "attention"
    title: ClassVar[str] = "Attention"
    order: ClassVar[int] = 20
    operation: ClassVar[str] = "attention"
    doing: ClassVar[str] = "The network looks at the picture"
    needs: ClassVar[str] = "a vision transformer"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: np.ndarray[Any, Any] | None = None
        self._maps: dict[str, np.ndarray[Any, Any]] = {}
        self._info: Mapping[str, Any] = {}
        self._kept_for_itself = 0.0
        self.controls: AttentionControls = AttentionControls(self)
        self.controls.style_changed.connect(self._show)
        self.controls.size_changed.connect(self.changed)
        self.facts = make_label("", "attention_facts", wraps=True)
        self.note = make_label("", "attention_note", "muted", wraps=True)
        self.bar = RampBar("inferno", self)
        self.bar.hide()
        self.grid = PictureGrid(self._make_footer(), self)
        self.grid.failed.connect(self.failed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)

    @classmethod
    @override
    def fits(cls, method: MethodEntry, encoder: EncoderEntry) -> bool:
        return encoder.family == "vit"

    @override
    def show_run(self, recipe: Mapping[str, Any]) -> None:
        self.controls.set_trained_size(int(recipe.get("encoder", {}).get("image_size", 0)))

    @override
    def request(self) -> dict[str, Any]:
        return {"size": self.controls.size_px}

    @override
    def show_look(self, arrays: Arrays, info: Mapping[str, Any]) -> None:
        """Show a reply of the inspector.

        Args:
            arrays: ``picture`` (H, W, C) uint8 and ``attention`` (heads, rows, columns).
            info: ``step`` and ``note``.
        """
        attention = arrays["attention"]
        self._picture, self._info = arrays["picture"], info
        self._maps = named_maps(attention)
        self._kept_for_itself = float(1 - attention.sum(axis=(1, 2)).mean())
        self.controls.set_heads(len(attention))
        self.note.setText(str(info.get("note", "")))
        self.note.setVisible(bool(self.note.text()))
        self._show()

    @override
    def clear(self) -> None:
        self._picture, self._maps, self._info = None, {}, {}
        self.grid.clear()
        self.facts.clear()
        self.note.clear()
        self.bar.hide()

    def _show(self) -> None:
        """Draw what is there anew; quick enough to follow a slider."""
        if self._picture is None:
            return
        style = self.controls.drawing
        kept = kept_patches(self._maps, style.mass)
        painted = paint_attention(self._picture, self._maps, kept, style)
        images = {name: to_image(pixels) for name, pixels in painted.items()}
        self.facts.setText(self._facts())
        ends = (
            ("least", "in each map", "most") if style.own_scale else ("0", UNIT, f"{highest(self._maps):.3g}")
        )
        self.bar.set_words(*ends)
        self.bar.show()
        counts = {name: int(mask.sum()) for name, mask in kept.items()} if style.has_outline else {}
        self.grid.show_images(images, _titles(list(self._maps), style.over, counts), list(images))

    def _facts(self) -> str:
        rows, columns = self._maps[MEAN].shape
        heads = len(self._maps) - 1
        parts = [f"{heads} heads" if heads > 1 else "1 head", f"{rows} x {columns} patches"]
        if self._info.get("step") is not None:
            parts.append(f"step {wording.count(int(self._info['step']))}")
        parts.append(f"the class token keeps {wording.percent(self._kept_for_itself)} for itself")
        return " · ".join(parts)

    def _make_footer(self) -> QWidget:
        """The numbers, the legend, and how to read the maps."""
        footer = QWidget(self)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.facts, 1)
        row.addWidget(self.bar)
        column = QVBoxLayout(footer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.note)
        return footer


def _titles(names: list[str], over: str, counts: Mapping[str, int]) -> dict[str, str]:
    """Titles of the pictures; maps say how many patches hold the mass where that is outlined."""
    maps = {MEAN: "Mean", **{head_name(number): f"Head {number + 1}" for number in range(len(names) - 1)}}
    words = {PICTURE: "Picture", OVERLAY: f"Overlay, {maps[over].lower()}", **maps}
    for name, count in counts.items():
        words[name] += " · 1 patch" if count == 1 else f" · {wording.count(count)} patches"
    return words
