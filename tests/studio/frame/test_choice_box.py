"""Drop-down lists of long lines."""

from PySide6.QtWidgets import QStyleOptionComboBox

from studio.widgets.choice_box import ChoiceBox


def test_a_line_that_does_not_fit_is_elided_and_stays_whole_in_the_list(qtbot):
    box = ChoiceBox()
    qtbot.addWidget(box)
    line = "2 · a run with a rather long name · Finished"
    box.addItem(line)
    drawn = QStyleOptionComboBox()
    box.resize(800, 28)
    box.initStyleOption(drawn)
    assert drawn.currentText == line
    box.resize(160, 28)
    box.initStyleOption(drawn)
    assert drawn.currentText.endswith("…")
    assert line.startswith(drawn.currentText[:-1])
    assert box.fontMetrics().horizontalAdvance(drawn.currentText) < 160
    assert box.currentText() == line
