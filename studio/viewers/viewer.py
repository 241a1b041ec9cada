"""A viewer: one way to look into a run. A new one is a file ``studio/viewers/<name>_viewer.py`` and its test."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.declared import EncoderEntry, MethodEntry
from studio.viewers.picture_grid import PictureGrid

Arrays = Mapping[str, np.ndarray[Any, Any]]


class Viewer(QWidget):
    """Shows what one of the inspector's operations gives for a run, a checkpoint and a picture.

    The page knows no viewer by name. It asks for ``operation`` with run, checkpoint, picture and what ``request``
    adds, and hands the reply to ``show_look``. A viewer emits ``changed`` when its request is another one now;
    what it can answer by itself it shows at once.

    Args:
        parent: Qt owner.
    """

    changed = Signal()
    failed = Signal(str)

    name: ClassVar[str]
    """Part of object names, and what ``InspectPage.show_with(viewer=...)`` takes."""
    title: ClassVar[str]
    """Label of its tab."""
    order: ClassVar[int]
    operation: ClassVar[str]
    """What the inspector is asked for."""
    doing: ClassVar[str]
    """What goes on while a look is awaited, for screen readers."""
    needs: ClassVar[str]
    """What a run must have for it, such as "a vision transformer"."""

    controls: QWidget
    """What is set above the pictures; stays in sight when a look fails."""
    grid: PictureGrid
    """The pictures, with what belongs to them below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"{self.name}_viewer")

    @classmethod
    def fits(cls, method: MethodEntry, encoder: EncoderEntry) -> bool:
        """Whether a run of this method and encoder can be looked into so."""
        raise NotImplementedError

    def show_run(self, recipe: Mapping[str, Any]) -> None:
        """Start from what a run was trained with; emits nothing."""

    def request(self) -> dict[str, Any]:
        """What the operation takes beside run, checkpoint and picture, as JSON values."""
        return {}

    def show_look(self, arrays: Arrays, info: Mapping[str, Any]) -> None:
        """Show a reply of the inspector."""
        raise NotImplementedError

    def clear(self) -> None:
        """Show nothing."""
        raise NotImplementedError
