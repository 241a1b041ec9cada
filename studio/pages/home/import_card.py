"""Weights from elsewhere: choose a file, and it becomes a run that can be looked into and started from."""

from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from studio.context import StudioContext
from studio.live.starting_point import changes_to_start_from
from studio.widgets.buttons import make_button
from studio.widgets.card import Card
from studio.widgets.file_dialog import ask_file
from studio.widgets.labels import make_label

MOST_HEADS = 64
KINDS = "Weights (*.pth *.pt *.ckpt *.bin *.safetensors *.tar *.pkl);;All files (*)"


class ImportCard(Card):
    """One button; what came of it is told by a toast and by the run's own page, where the log has the report.

    Where a file does not tell its attention heads, the card asks for their number.

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
        self._asked_path = ""
        self.question = self._make_question()
        self.body.addWidget(self.question)
        context.importer.finished.connect(self._on_finished)
        context.importer.failed.connect(self._on_failed)
        context.importer.needs_heads.connect(self._on_needs_heads)

    def _make_question(self) -> QWidget:
        """A sentence, a number and a button, unseen until a file needs them."""
        self.question_words = make_label("", "import_question", wraps=True)
        self.heads = QSpinBox()
        self.heads.setRange(1, MOST_HEADS)
        self.heads.setSuffix(" heads")
        self.heads.setAccessibleName("Attention heads")
        self.answer_button = make_button("Read with these", "import_answer", self._answer)
        question = QWidget()
        question.setVisible(False)
        self.body.addWidget(self.question_words)
        self.question_words.setVisible(False)
        row = QHBoxLayout(question)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.heads)
        row.addWidget(self.answer_button)
        row.addStretch()
        return question

    def import_file(self, path: str, heads: int | None = None) -> None:
        """Read a file; the button waits meanwhile."""
        self._show_question("")
        self.button.setEnabled(False)
        self.button.setText("Reading the weights…")
        self._context.importer.import_file(path, heads)

    def _show_question(self, sentence: str) -> None:
        self.question_words.setText(sentence)
        self.question_words.setVisible(bool(sentence))
        self.question.setVisible(bool(sentence))

    def _on_needs_heads(self, path: str, sentence: str) -> None:
        self._rest()
        self._asked_path = path
        self._show_question(f"{sentence} Whoever trained them knows; most networks have one for 64 channels.")
        self.heads.setFocus()

    def _answer(self) -> None:
        self.import_file(self._asked_path, self.heads.value())

    def _choose(self) -> None:
        path = ask_file(self, "A file of weights", "weights", KINDS)
        if path:
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
