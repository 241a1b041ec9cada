"""A drop-down list that elides the chosen line where it does not fit, instead of cutting it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox
from typing_extensions import override


class ChoiceBox(QComboBox):
    """A drop-down list of lines that may be long, such as names of runs and of data sets."""

    @override
    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """Qt draws the text of a box with a style sheet as far as it goes."""
        super().initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width()
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room
        )
