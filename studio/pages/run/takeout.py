"""What leaves a run by the window: its encoder and the embeddings of its pictures."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.store import Run
from studio import wording
from studio.context import StudioContext
from studio.pages.run.export_dialog import ExportDialog
from studio.widgets.file_dialog import ask_new_file
from studio.widgets.replace_question import ReplaceQuestion

WRITING = "Writing; how it ended is said here."
LAST_FOLDER = "run/last_export_folder"
KINDS = "Parquet, a row a picture (*.parquet);;NumPy, vectors alone (*.npy)"


class Takeout:
    """Asks where to, starts the export, and tells how it ended.

    Args:
        context: The exporter, toasts and what is remembered.
        window: Whose dialogs these are.
    """

    def __init__(self, context: StudioContext, window: QWidget) -> None:
        self._context, self._window = context, window
        context.exporter.finished.connect(self._on_finished)
        context.exporter.in_the_way.connect(self._ask_to_replace)
        context.exporter.failed.connect(lambda wrong, fix: context.toast(f"{wrong} {fix}".strip(), "bad"))

    def export(self, run: Run) -> None:
        """Ask for formats and a folder, then write the encoder."""
        dialog = ExportDialog(
            run.name, self._folder() / f"{wording.file_stem(run.name)}-{run.id}", self._window
        )
        dialog.accepted.connect(lambda: self._begin_export(run, dialog))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def embed(self, run: Run) -> None:
        """Ask for a file, then write the features of the run's own pictures."""
        usual = str(self._folder() / f"{wording.file_stem(run.name)}-{run.id}.parquet")
        title = "Embeddings of the run's pictures"
        file = ask_new_file(self._window, title, "embeddings", usual, KINDS)
        if file:
            data = run.recipe.get("data", {})
            place, kind = str(data.get("location", "")), str(data.get("kind", "auto"))
            self._tell(self._context.exporter.embed(run.id, place, file, kind), Path(file).parent)

    def _begin_export(self, run: Run, dialog: ExportDialog) -> None:
        folder = Path(dialog.place.path())
        self._tell(self._context.exporter.export(run.id, str(folder), dialog.formats), folder.parent)

    def _tell(self, is_begun: bool, folder: Path) -> None:
        if is_begun:
            self._context.preferences.remember(LAST_FOLDER, str(folder))
            self._context.toast(WRITING, "busy")
        else:
            self._context.toast("Something else is being written; try again when it is done.", "warn")

    def _ask_to_replace(self, sentence: str) -> None:
        """Replace what is there only where the person says so."""
        question = ReplaceQuestion(sentence, self._window)
        question.accepted.connect(self._replace)
        question.finished.connect(question.deleteLater)
        question.open()

    def _replace(self) -> None:
        if self._context.exporter.replace():
            self._context.toast(WRITING, "busy")

    def _folder(self) -> Path:
        return Path(self._context.preferences.text(LAST_FOLDER, str(Path.home())))

    def _on_finished(self, sentence: str, _place: str) -> None:
        self._context.toast(sentence, "done")
