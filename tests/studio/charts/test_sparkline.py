"""A sparkline says in words what it draws."""

import numpy as np

from studio.charts.sparkline import Sparkline


def test_it_says_its_first_and_last_value(qtbot):
    spark = Sparkline("Loss")
    qtbot.addWidget(spark)
    spark.show_values(np.array([1.0, np.nan, 0.5]), 1)
    assert spark.accessibleName() == "Loss: from 1.00 to 0.500"
    assert not spark.grab().isNull()


def test_no_value_and_one_value_are_no_error(qtbot):
    spark = Sparkline("Loss")
    qtbot.addWidget(spark)
    assert not spark.grab().isNull()
    spark.show_values(np.array([0.5]), 1)
    assert not spark.grab().isNull()
