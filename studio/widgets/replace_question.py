"""Asks before files that are there already are written over."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


class ReplaceQuestion(QMessageBox):
    """Replace, or leave everything as it is; ``accepted`` means replace.

    Args:
        sentence: What is in the way.
        parent: Qt owner.
    """

    def __init__(self, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("replace_question")
        self.setAccessibleName("Replace files?")
        self.setWindowTitle("Replace files?")
        self.setIcon(QMessageBox.Icon.Warning)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(sentence)
        self.setInformativeText("What they hold now would be lost.")
        self.replace_button = self.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
        self.keep_button = self.addButton("Leave them", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.keep_button)
        self.setEscapeButton(self.keep_button)
