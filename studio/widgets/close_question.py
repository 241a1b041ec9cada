"""What is asked when the window closes while runs train."""

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from studio import wording
from studio.widgets.plain_text import shown, with_breaks

Answer = Literal["keep", "pause", "cancel"]


class CloseQuestion(QMessageBox):
    """Keep training in the background, pause and close, or stay.

    Args:
        names: Names of the runs that train.
        parent: The window.
    """

    def __init__(self, names: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("close_question")
        self.setAccessibleName("Close the studio")
        self.setWindowTitle("Close the studio")
        who = (
            f"'{wording.shortened(names[0])}' is training."
            if len(names) == 1
            else f"{len(names)} runs are training."
        )
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(with_breaks(shown(who)))
        self.setInformativeText(
            "Training can go on without the window; the next launch shows it again. "
            "Runs that wait in the queue start when the studio or 'ssl-engine worker' is open."
        )
        self._keep = self.addButton("Keep training in background", QMessageBox.ButtonRole.AcceptRole)
        self._pause = self.addButton("Pause and close", QMessageBox.ButtonRole.ActionRole)
        self._cancel = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        for button, name in ((self._keep, "keep"), (self._pause, "pause"), (self._cancel, "cancel")):
            button.setObjectName(f"close_{name}")
            button.setAccessibleName(button.text())
        self.setDefaultButton(self._keep)
        self.setEscapeButton(self._cancel)

    def ask(self) -> Answer:
        """Ask, and wait for the answer."""
        self.exec()
        clicked = self.clickedButton()
        if clicked is self._keep:
            return "keep"
        return "pause" if clicked is self._pause else "cancel"
