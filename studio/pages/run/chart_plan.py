"""Which charts a run gets, decided by the names of its metrics. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass

from studio.live.last_values import metric_title

_PERCENT_OF_SHARE = 100.0


@dataclass(frozen=True)
class PlannedSeries:
    """One curve of a chart.

    Args:
        name: Name of the metric in the store.
        title: What the legend calls it.
        scale: Factor from stored to shown values.
    """

    name: str
    title: str
    scale: float = 1.0


@dataclass(frozen=True)
class PlannedChart:
    """One chart.

    Args:
        key: Object name.
        title: Heading.
        unit: Unit of the values.
        series: Its curves, in the order of the legend.
        is_wide: Whether it takes the whole width.
    """

    key: str
    title: str
    unit: str
    series: tuple[PlannedSeries, ...]
    is_wide: bool = False


_SHARES_OF_SYSTEM = (
    PlannedSeries("system/cpu", "processor"),
    PlannedSeries("system/gpu", "graphics card"),
    PlannedSeries("data_wait", "waiting for data", _PERCENT_OF_SHARE),
)
_MEMORY = (
    PlannedSeries("memory_mib", "of the run on its device"),
    PlannedSeries("system/gpu_memory_mib", "graphics card"),
    PlannedSeries("system/memory_mib", "main memory"),
)
_SINGLE = {
    "lr": ("Learning rate", ""),
    "images_per_second": ("Throughput", "pictures/s"),
    "grad_norm": ("Gradient norm", ""),
}
_SIGNS = (("feature_spread", "Feature spread"), ("effective_rank", "Effective rank"))


def chart_plan(names: Iterable[str]) -> list[PlannedChart]:
    """Plan the charts of a run.

    Args:
        names: Names of the metrics that have points.

    Returns:
        The charts from top to bottom: loss, what was learned, learning rate, speed, the method's own monitors,
        system.
    """
    known = set(names)
    charts = [_loss_chart(known), *_learned_charts(known)]
    charts += [_single(name, *words) for name, words in _SINGLE.items() if name in known]
    charts += [_single(name, metric_title(name), "") for name in sorted(known) if name.startswith("monitor/")]
    charts += [_joined("system_chart", "System", "%", _SHARES_OF_SYSTEM, known)]
    charts += [_joined("memory_chart", "Memory", "MiB", _MEMORY, known)]
    return [chart for chart in charts if chart.series]


@dataclass(frozen=True)
class Place:
    """Where a chart stands in the grid.

    Args:
        row: From the top.
        column: 0 or 1.
        span: Columns it takes.
    """

    row: int
    column: int
    span: int


def positions(plan: Iterable[PlannedChart], columns: int) -> dict[str, Place]:
    """Place the charts of a plan from left to right and from top to bottom; a wide one takes its whole row.

    Args:
        plan: The charts in order.
        columns: 1 or 2.
    """
    places: dict[str, Place] = {}
    row = column = 0
    for planned in plan:
        if planned.is_wide or columns == 1:
            row += 1 if column else 0
            places[planned.key] = Place(row, 0, columns)
            row, column = row + 1, 0
        else:
            places[planned.key] = Place(row, column, 1)
            row, column = (row + 1, 0) if column else (row, 1)
    return places


def _loss_chart(known: set[str]) -> PlannedChart:
    terms = sorted(name for name in known if name.startswith("loss/"))
    total = [PlannedSeries("loss", "loss")] if "loss" in known else []
    # One term alone is the loss itself.
    shown = [PlannedSeries(name, name.removeprefix("loss/").replace("_", " ")) for name in terms]
    return PlannedChart(
        "loss_chart", "Loss", "", tuple(total + (shown if len(shown) > 1 else [])), is_wide=True
    )


def _learned_charts(known: set[str]) -> list[PlannedChart]:
    """Where there are labels k-NN says what was learned; spread and rank tell a collapse in either case."""
    knn = PlannedSeries("knn", "k-NN top-1", _PERCENT_OF_SHARE)
    charts = [PlannedChart("knn_chart", "k-NN top-1", "%", (knn,))] if "knn" in known else []
    return charts + [_single(name, title, "") for name, title in _SIGNS if name in known]


def _single(name: str, title: str, unit: str) -> PlannedChart:
    key = name.replace("/", "_")
    return PlannedChart(f"{key}_chart", title, unit, (PlannedSeries(name, title.lower()),))


def _joined(
    key: str, title: str, unit: str, series: tuple[PlannedSeries, ...], known: set[str]
) -> PlannedChart:
    return PlannedChart(key, title, unit, tuple(one for one in series if one.name in known))
