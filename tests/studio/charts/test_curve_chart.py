"""A chart shows what the store holds, down to every point, and does what its keys say."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication

from engine.store import RunStatus, read_curve
from studio import theme
from studio.charts.curve_chart import CurveChart
from studio.charts.series import SeriesSource


@pytest.fixture
def chart(qtbot):
    made = CurveChart("Loss", "nats", "loss_chart")
    made.resize(600, 320)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def source(store):
    def of(run, name="loss", **values):
        def read(first, last, max_points):
            return read_curve(store, run.id, name, first=first, last=last, max_points=max_points)

        return SeriesSource(name, name, read, lambda: theme.run_color(run.id), **values)

    return of


@pytest.fixture
def long_run(make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {step: 2.0 + math.sin(step / 300) for step in range(10_000)})
    return run


def test_points_of_the_store_are_drawn_and_said(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0, 5: 0.5, 9: 0.25})
    chart.set_series([source(run)])
    assert chart.lines["loss"].values.tolist() == [1.0, 0.5, 0.25]
    assert chart.legend.entries["loss"].value.text() == "0.250 nats"
    assert chart.accessibleDescription() == "loss 0.250 nats at step 9"


def test_a_single_point_is_a_dot_and_two_are_a_line_without(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {7: 0.5})
    chart.set_series([source(run)])
    item = chart.plot._raw["loss"]
    assert item.opts["symbol"] == "o"
    assert item.scatter.isVisible()
    centre = chart.plot.plotItem.vb.mapViewToScene(QPointF(7, 0.5))
    pixel = chart.plot.grab().toImage().pixelColor(centre.toPoint())
    wanted = theme.run_color(run.id)
    assert pixel.getRgb() == pytest.approx(wanted.getRgb(), abs=40)  # the grid shines through
    add_points(run, "loss", {8: 0.4})
    chart.refresh()
    assert item.opts["symbol"] is None
    assert not item.scatter.isVisible()


def test_new_points_appear_at_the_next_refresh(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0})
    chart.set_series([source(run)])
    add_points(run, "loss", {1: 0.5})
    chart.refresh()
    assert chart.lines["loss"].steps.tolist() == [0, 1]


def test_a_long_series_is_summed_up_and_a_zoom_shows_every_point(chart, source, long_run):
    chart.set_series([source(long_run)])
    assert chart.lines["loss"].level > 0
    assert len(chart.lines["loss"].steps) <= 2400
    chart.zoom_to(1000, 2000)
    assert chart.lines["loss"].level == 0
    assert chart.lines["loss"].steps.tolist() == list(range(1000, 2001))
    chart.zoom_back()
    assert chart.zoomed_range is None
    assert chart.lines["loss"].level > 0


def test_no_spike_is_lost_by_summing_up(chart, source, long_run, add_points):
    add_points(long_run, "loss", {10_000: 50.0})
    chart.set_series([source(long_run)])
    assert np.nanmax(chart.lines["loss"].raw_values) == 50.0


def test_a_zoom_shows_the_same_smoothed_curve_as_the_whole(chart, source, long_run):
    chart.set_series([source(long_run)])
    chart.set_smoothing(40)
    chart.zoom_to(4000, 6000)
    near = chart.lines["loss"]
    chart.zoom_back()
    whole = chart.lines["loss"]
    at = whole.nearest(5000)
    inside = near.nearest(float(whole.steps[at]))
    assert near.smoothed[inside] == pytest.approx(whole.smoothed[at], rel=0.01)


def test_shares_are_shown_in_percent(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "knn", {0: 0.5483})
    chart.set_series([source(run, "knn", scale=100.0)])
    assert chart.lines["knn"].values.tolist() == pytest.approx([54.83])


def test_keys_switch_smoothing_and_logarithmic_axes(chart, source, long_run, qtbot):
    chart.set_series([source(long_run)])
    qtbot.keyClick(chart, Qt.Key.Key_S)
    assert chart.smoothing > 0
    qtbot.keyClick(chart, Qt.Key.Key_S)
    assert chart.smoothing == 0
    qtbot.keyClick(chart, Qt.Key.Key_L)
    assert (chart.is_log_x, chart.is_log_y) == (False, True)
    qtbot.keyClick(chart, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert (chart.is_log_x, chart.is_log_y) == (True, True)


def test_a_logarithmic_axis_shows_gaps_for_what_has_no_logarithm(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0, 1: 0.0, 2: -1.0, 3: 10.0})
    chart.set_series([source(run)])
    chart.set_log(x=True, y=True)
    assert chart.grab().width() > 0
    assert chart.lines["loss"].values.tolist() == [1.0, 0.0, -1.0, 10.0]


def test_values_that_are_not_finite_are_drawn_as_gaps(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0, 1: math.nan, 2: math.inf, 3: 0.5})
    chart.set_series([source(run)])
    chart.set_smoothing(50)
    assert np.isfinite(chart.lines["loss"].values).tolist() == [True, False, False, True]
    assert chart.grab().width() > 0


def test_c_copies_the_visible_values_as_tab_separated_text(chart, source, make_run, add_points, qtbot):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0, 1: 0.5, 2: 0.25})
    chart.set_series([source(run)])
    chart.zoom_to(1, 2)
    qtbot.keyClick(chart, Qt.Key.Key_C)
    assert QGuiApplication.clipboard().text() == "step\tloss (nats)\n1\t0.5\n2\t0.25\n"


def test_t_shows_the_values_as_a_table_that_sorts(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0, 1: 0.5, 2: 0.75})
    chart.set_series([source(run)])
    table = chart.show_table()
    table.model.sort(1, Qt.SortOrder.AscendingOrder)
    model = table.model
    cells = [[model.index(row, column).data() for column in range(2)] for row in range(3)]
    table.close()
    assert cells == [["1", "0.5"], ["2", "0.75"], ["0", "1"]]


def test_arrow_keys_move_the_crosshair_and_read_out_its_values(chart, source, make_run, add_points, qtbot):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0, 5: 0.5, 9: 0.25})
    chart.set_series([source(run)])
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert chart.legend.place.text() == "step 5"
    assert chart.legend.entries["loss"].value.text() == "0.500 nats"


def test_dragging_zooms_and_a_double_click_goes_back(chart, source, long_run, qtbot):
    chart.set_series([source(long_run)])
    QApplication.processEvents()
    view = chart.plot.viewport()
    left, right = QPoint(view.width() // 3, 40), QPoint(view.width() // 2, 90)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=left)
    qtbot.mouseMove(view, left + QPoint(30, 10))
    qtbot.mouseMove(view, right)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=right)
    qtbot.waitUntil(lambda: chart.zoomed_range is not None and chart.lines["loss"].steps[0] > 500)
    first, last = chart.zoomed_range
    assert 0 < first < last < 10_000
    double_click(view, right)
    qtbot.waitUntil(lambda: chart.zoomed_range is None)


def test_a_change_of_theme_recolours_what_is_already_drawn(chart, source, long_run, qapp):
    theme.apply_theme(qapp, "light")
    chart.set_series([source(long_run)])
    light = chart.grab().toImage().pixelColor(300, 20)
    theme.apply_theme(qapp, "dark")
    QApplication.processEvents()
    picture = chart.grab().toImage()
    dark = picture.pixelColor(300, 20)
    theme.apply_theme(qapp, "light")
    assert light == QColor("#FFFFFF")
    assert dark == theme_color("surface", 1)


def double_click(view, where):
    """Send what a window system sends; QTest would put a second press before the double click."""
    button, nothing = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, held in ((QEvent.Type.MouseButtonDblClick, button), (QEvent.Type.MouseButtonRelease, nothing)):
        at = QPointF(where)
        event = QMouseEvent(kind, at, view.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(view, event)


def theme_color(token, which):
    from studio.theme.tokens import TOKENS

    return QColor(TOKENS[token][which])


def test_a_chart_without_points_says_so(chart, source, make_run):
    run = make_run(status=RunStatus.RUNNING)
    chart.set_series([source(run)])
    assert chart.accessibleDescription() == "No values yet"
    assert chart.grab().width() > 0


def test_the_legend_says_what_was_measured_and_not_what_is_smoothed(
    chart, source, make_run, add_points, qtbot
):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {step: 1.0 if step < 99 else 3.0 for step in range(100)})
    chart.set_series([source(run)])
    chart.set_smoothing(80)
    entry = chart.legend.entries["loss"]
    assert chart.lines["loss"].smoothed[-1] < 2.0
    assert entry.value.text() == "3.00 nats"
    chart.point_at(50)
    assert entry.value.text() == "1.00 nats"
    assert "smoothed line" in entry.value.toolTip()
    assert "3.00" not in entry.value.toolTip()


def test_what_is_set_and_what_is_judged_now_and_then_is_never_smoothed(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "lr", {step: float(step) for step in range(100)})
    chart.set_series([source(run, "lr", smooths=False)])
    chart.set_smoothing(100)
    assert chart.lines["lr"].smoothed.tolist() == chart.lines["lr"].values.tolist()
    assert not chart.plot._smooth["lr"].isVisible()


def test_the_last_value_is_that_of_the_last_step_however_many_steps_a_drawn_point_sums_up(
    chart, source, long_run, add_points
):
    add_points(long_run, "loss", {10_000: 9.0})
    chart.set_series([source(long_run)])
    assert chart.lines["loss"].level > 0
    assert chart.legend.entries["loss"].value.text().startswith("mean ")
    chart.show_last({"loss": (10_000, 9.0)})
    assert chart.legend.entries["loss"].value.text() == "9.00 nats"
    chart.show_last({"loss": (10_001, None)})
    assert chart.legend.entries["loss"].value.text() == "not finite"


def test_the_table_and_the_clipboard_speak_the_unit_of_the_chart(qtbot, source, make_run, add_points, qapp):
    chart = CurveChart("k-NN top-1", "%", "knn_chart")
    qtbot.addWidget(chart)
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "knn", {0: 0.5483, 10: 0.841})
    chart.set_series([source(run, "knn", scale=100.0)])
    assert chart.legend.entries["knn"].value.text() == "84.1 %"
    assert chart.legend.entries["knn"].value.toolTip() == "84.1 % at step 10"
    table = chart.show_table()
    head = table.model.headerData(1, Qt.Orientation.Horizontal)
    assert (head, table.model.data(table.model.index(1, 1))) == ("knn (%)", "84.1")
    chart.copy_values()
    assert qapp.clipboard().text() == "step\tknn (%)\n0\t54.83\n10\t84.1\n"


def test_a_logarithmic_axis_says_what_it_cannot_show(chart, source, make_run, add_points):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", {0: 1.0, 1: 0.0, 2: -1.0, 3: 10.0})
    chart.set_series([source(run)])
    assert not chart.hidden.isVisible()
    chart.set_log(x=True, y=True)
    assert chart.hidden.text() == "Not on a logarithmic axis: 2 values of 0 or below and step 0."
    chart.set_log(x=False)
    assert chart.hidden.text() == "Not on a logarithmic axis: 2 values of 0 or below."


@pytest.mark.parametrize("steps", [[0], [7], [0, 1], [0, 3000]])
def test_no_axis_of_steps_shows_negative_ones(chart, source, make_run, add_points, steps):
    run = make_run(status=RunStatus.RUNNING)
    add_points(run, "loss", dict.fromkeys(steps, 1.0))
    chart.set_series([source(run)])
    low, high = chart.plot._box.viewRange()[0]
    assert low >= 0
    assert high >= steps[-1]
    assert chart.grab().width() > 0
