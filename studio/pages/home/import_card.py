"""Weights from elsewhere: choose a file, and it becomes a run that can be looked into and started from."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.context import StudioContext
from studio.live.starting_point import changes_to_start_from
from studio.widgets.buttons import make_button
from studio.widgets.card import Card
from studio.widgets.labels import make_label

LAST_FOLDER = "home/last_weights_folder"
KINDS = "Weights (*.pth *.pt *.ckpt *.bin *.safetensors *.tar *.pkl);;All files (*)"


class ImportCard(Card):
    """One button; what came of it is told by a toast and by the run's own page, where the log has the report.

    Args:
        context: The importer, navigation and toasts.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__("Import weights", "import_card", parent)
        self._context = context
        self.body.addWidget(
            make_label(
                "DINO, MAE, CAE, BYOL, SimCLR, timm or torchvision: look inside, or start a run from them.",
                "import_words",
                "muted",
                wraps=True,
            )
        )
        self.button = make_button("Import weights…", "import_button", self._choose, icon="layers")
        self.body.addWidget(self.button)
        context.importer.finished.connect(self._on_finished)
        context.importer.failed.connect(self._on_failed)

    def import_file(self, path: str) -> None:
        """Read a file; the button waits meanwhile."""
        self.button.setEnabled(False)
        self.button.setText("Reading the weights…")
        self._context.importer.import_file(path)

    def _choose(self) -> None:
        start = self._context.preferences.text(LAST_FOLDER, str(Path.home()))
        path, _ = QFileDialog.getOpenFileName(self, "A file of weights", start, KINDS)
        if path:
            self._context.preferences.remember(LAST_FOLDER, str(Path(path).parent))
            self.import_file(path)

    def _on_finished(self, run_id: int, sentence: str) -> None:
        self._rest()
        context = self._context
        context.watch.check()
        run = context.watch.runs[run_id]
        context.toast(
            sentence,
            "good",
            ("New run from it", lambda: context.navigate("new_run", {"changes": changes_to_start_from(run)})),
        )
        context.navigate("run", {"run_id": run_id, "show": "log"})

    def _on_failed(self, sentence: str, fix: str) -> None:
        self._rest()
        self._context.toast(f"{sentence} {fix}".strip(), "bad")

    def _rest(self) -> None:
        self.button.setEnabled(True)
        self.button.setText("Import weights…")
