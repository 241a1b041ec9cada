"""What is asked when the store cannot be opened."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from studio.widgets.file_dialog import ask_new_file
from studio.widgets.plain_text import shown_lines, tip_of, with_breaks

_STORES = "Stores (*.sqlite);;All files (*)"


class StoreQuestion(QMessageBox):
    """Try again, choose another place, or quit.

    Args:
        sentence: Why the store cannot be opened.
        fix: What to do about it.
        parent: Qt owner.
    """

    def __init__(self, sentence: str, fix: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("store_question")
        self.setAccessibleName("The store cannot be opened")
        self.setWindowTitle("The store cannot be opened")
        self.setIcon(QMessageBox.Icon.Warning)
        # Qt reads what looks like HTML as HTML, in the second text whatever the format of the first.
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(with_breaks(shown_lines(sentence)))
        self.setInformativeText(tip_of(fix))
        self._retry = self.addButton("Try again", QMessageBox.ButtonRole.AcceptRole)
        self._other = self.addButton("Choose another place…", QMessageBox.ButtonRole.ActionRole)
        self._quit = self.addButton("Quit", QMessageBox.ButtonRole.RejectRole)
        for button, name in ((self._retry, "retry"), (self._other, "other"), (self._quit, "quit")):
            button.setObjectName(f"store_{name}")
            button.setAccessibleName(button.text())
        self.setDefaultButton(self._retry)
        self.setEscapeButton(self._quit)

    def ask(self) -> str | None:
        """Ask.

        Returns:
            Another place, an empty text to try the same again, None to quit.
        """
        self.exec()
        clicked = self.clickedButton()
        if clicked is self._retry:
            return ""
        if clicked is not self._other:
            return None
        return ask_new_file(
            self, "Where to keep runs and data sets", "store", "store.sqlite", _STORES, overwrites=False
        )
