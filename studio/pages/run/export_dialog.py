"""Asks where an encoder goes and in which formats."""

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from studio import theme, wording
from studio.forms.path_box import PathBox
from studio.widgets.labels import make_label
from studio.widgets.plain_text import window_title

FORMATS = {
    "timm": "A folder that timm loads (safetensors)",
    "state-dict": "Plain weights for torch (.pt)",
    "onnx": "ONNX",
    "torch-export": "torch.export (.pt2)",
}


class ExportDialog(QDialog):
    """Formats and a folder; a model card is always written.

    Args:
        name: Name of the run, for the title.
        folder: Where it would go.
        parent: The window.
    """

    def __init__(self, name: str, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle(window_title(f"Export the encoder of '{wording.shortened(name)}'"))
        self.setMinimumWidth(480)
        self.boxes = {key: QCheckBox(title) for key, title in FORMATS.items()}
        self.boxes["timm"].setChecked(True)
        self.place = PathBox("Folder of the export", self)
        self.place.set_path(str(folder))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        theme.set_role(self.accept_button, "primary")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        for box in self.boxes.values():
            box.toggled.connect(self._check)
            column.addWidget(box)
        column.addWidget(self.place)
        words = "Every file is loaded again and compared with the run; a model card says how the encoder was made."
        column.addWidget(make_label(words, "export_words", "muted", wraps=True))
        column.addWidget(self.buttons)
        self.place.edited.connect(self._check)

    @property
    def formats(self) -> list[str]:
        """What is ticked."""
        return [name for name, box in self.boxes.items() if box.isChecked()]

    def _check(self, *_arguments: object) -> None:
        self.accept_button.setEnabled(bool(self.formats and self.place.path()))
