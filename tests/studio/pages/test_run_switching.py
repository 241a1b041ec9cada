"""Another run on the Run page: every part of the page changes to it, whatever else asks for a run meanwhile."""

import pytest
from PySide6.QtCore import QObject, Qt

from engine.errors import StoreError
from engine.store import Level, RunStatus, add_event, beat, series_summaries
from studio.pages.run.chart_grid import ChartGrid
from studio.pages.run.chart_plan import chart_plan
from studio.pages.run_page import RunPage


@pytest.fixture
def page(context, qtbot):
    made = RunPage(context)
    qtbot.addWidget(made)
    for action in made.header_actions():
        qtbot.addWidget(action)
    made.resize(1000, 560)
    made.show()
    return made


@pytest.fixture
def two_runs(make_run, add_points, store):
    """One with many charts, one with few; each with a line in its log that names it."""
    many, few = make_run("many", RunStatus.FINISHED, step=1), make_run("few", RunStatus.FINISHED, step=1)
    for name in ("loss", "knn", "lr", "grad_norm", "images_per_second", "system/cpu", "memory_mib"):
        add_points(many, name, {0: 1.0, 1: 2.0})
    add_points(few, "loss", {0: 5.0, 1: 6.0})
    for run in (many, few):
        add_event(store, run.id, Level.ALARM, f"Said of {run.name}.")
    return many, few


def runs_on_screen(page):
    """Which run each part of the page speaks of."""
    loss = page.charts.charts["loss_chart"].lines["loss"].values.tolist()
    alarms = [row.accessibleName() for row in page.alarms.findChildren(QObject) if _is_alarm(row)]
    return {
        "page": page.run.name,
        "header": page.header.heading.text(),
        "chooser": page.chooser.currentText().split(" · ")[1],
        "charts": {(1.0, 2.0): "many", (5.0, 6.0): "few"}[tuple(loss)],
        "log": page.log.text.toPlainText().partition("Said of ")[2].removesuffix("."),
        "alarms": alarms[-1].partition("Said of ")[2].removesuffix("."),
        "details": page.details._run.name,
    }


def _is_alarm(one):
    return one.objectName().startswith("alarm_") and one.objectName()[6:].isdigit()


def scroll_to_the_last_chart(page, qtbot):
    qtbot.waitUntil(lambda: len(page.charts.charts) == 7)
    last = page.charts.charts["memory_chart"]
    last.setFocus(Qt.FocusReason.MouseFocusReason)
    bar = page.charts._area.verticalScrollBar()
    bar.setValue(bar.maximum())


@pytest.mark.parametrize("asks_for", ["many", "few"])
def test_a_run_that_is_asked_for_while_another_one_is_being_shown_wins_whole(
    page, context, two_runs, qtbot, asks_for
):
    many, few = two_runs
    asked = {run.name: run.id for run in two_runs}[asks_for]
    context.watch.check()
    page.show_with(run_id=many.id)
    scroll_to_the_last_chart(page, qtbot)
    said = []

    def ask_again(*_arguments):
        if len(said) < 3:
            said.append(1)
            page.show_with(run_id=asked)

    page.charts._area.verticalScrollBar().valueChanged.connect(ask_again)
    page.charts._area.verticalScrollBar().rangeChanged.connect(ask_again)
    page.charts.charts["memory_chart"].destroyed.connect(ask_again)
    page.show_with(run_id=few.id)
    qtbot.waitUntil(lambda: bool(said) and "loss_chart" in page.charts.charts)
    qtbot.wait(50)
    assert set(runs_on_screen(page).values()) == {asks_for}


def test_a_plan_that_is_asked_for_while_charts_leave_the_screen_stands(qtbot, store, two_runs):
    many, few = two_runs
    plans = {run.id: chart_plan(series_summaries(store, [run.id])[run.id]) for run in two_runs}
    grid = ChartGrid(store)
    qtbot.addWidget(grid)
    grid.show()
    grid.show_plan(many.id, plans[many.id])
    for planned in plans[many.id]:
        grid.fill(planned.key)
    depth = []

    class Asking(QObject):
        """Asks for the plan again whenever a chart is hidden, as a scroll bar that moves does."""

        def eventFilter(self, watched, event):
            if event.type() == event.Type.Hide and len(depth) < 3:
                depth.append(1)
                grid.show_plan(few.id, plans[few.id])
            return False

    asking = Asking()
    for chart in grid.charts.values():
        chart.installEventFilter(asking)
    grid.show_plan(few.id, plans[few.id])
    assert depth
    assert grid.plan == plans[few.id]
    grid.fill("loss_chart")
    assert list(grid.charts) == ["loss_chart"]
    assert grid.charts["loss_chart"].lines["loss"].values.tolist() == [5.0, 6.0]


def test_a_run_that_cannot_be_read_leaves_the_page_as_it_is(page, context, two_runs, qtbot, monkeypatch):
    many, few = two_runs
    context.watch.check()
    page.show_with(run_id=many.id)
    qtbot.waitUntil(lambda: len(page.charts.charts) == 7)

    def refuse(*_arguments):
        raise StoreError("The store is locked.", "Try again.")

    monkeypatch.setattr("studio.pages.run_page.read_run", refuse)
    page.show_with(run_id=few.id)
    assert context.said[-1].level == "bad"
    assert set(runs_on_screen(page).values()) == {"many"}


def test_a_part_that_breaks_leaves_no_header_of_one_run_over_another_s_curves(
    page, context, two_runs, qtbot, monkeypatch
):
    many, few = two_runs
    context.watch.check()
    page.show_with(run_id=many.id)
    monkeypatch.setattr(page.charts, "show_run", lambda *_arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        page.show_with(run_id=few.id)
    assert page.run is None
    assert not page.header.isVisible()
    assert not page.charts.isVisible()


def test_header_and_legends_say_the_same_values_of_one_step_at_once(
    page, context, make_run, add_points, store, qtbot
):
    run = make_run(status=RunStatus.RUNNING, step=44)
    add_points(run, "loss", dict.fromkeys(range(45), 2.0))
    context.watch.check()
    page.show_with(run_id=run.id)
    qtbot.waitUntil(lambda: "loss_chart" in page.charts.charts)
    chart = page.charts.charts["loss_chart"]
    add_points(run, "loss", dict.fromkeys(range(45, 68), 1.25))
    beat(store, run.id, step=67, epoch=6.7, images_seen=67)
    context.watch.check()
    assert "step 67 of" in page.header.words.text()
    assert page.header.tiles.tiles["loss"].text == "1.25"
    assert chart.legend.entries["loss"].value.text() == "1.25"
    assert chart.legend.place.text() == "step 67"


def test_the_header_is_as_far_as_the_newest_point_of_the_charts(page, context, make_run, add_points, qtbot):
    run = make_run(status=RunStatus.RUNNING, step=40)
    add_points(run, "loss", dict.fromkeys(range(51), 2.0))
    context.watch.check()
    page.show_with(run_id=run.id)
    qtbot.waitUntil(lambda: "loss_chart" in page.charts.charts)
    assert "epoch 5.00 of 100 · step 50 of 1,000" in page.header.words.text()
    assert page.charts.charts["loss_chart"].legend.place.text() == "step 50"
    assert page.header.bar.value() == 50
    add_points(run, "loss", {60: 1.0})
    context.watch.check()
    assert "step 60 of 1,000" in page.header.words.text()
    assert page.charts.charts["loss_chart"].legend.place.text() == "step 60"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RunStatus.FAILED, "failed before it wrote any"),
        (RunStatus.STOPPED, "stopped before it wrote any"),
        (RunStatus.FINISHED, "ended without writing any"),
        (RunStatus.RUNNING, "The first ones come with the first steps"),
        (RunStatus.QUEUED, "The first ones come with the first steps"),
    ],
)
def test_why_there_are_no_points_is_true_of_the_run(page, context, make_run, status, words):
    run = make_run(status=status)
    context.watch.check()
    page.show_with(run_id=run.id)
    assert words in page.charts._empty.label.text()


def test_imported_weights_are_not_promised_any_points(page, context, make_run):
    run = make_run(status=RunStatus.FINISHED, kind="imported")
    context.watch.check()
    page.show_with(run_id=run.id)
    assert "trained elsewhere" in page.charts._empty.label.text()
