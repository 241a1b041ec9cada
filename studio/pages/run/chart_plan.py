"""Which charts a run gets, decided by the names of its metrics. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from studio.live.last_values import metric_title, metric_unit

_PERCENT_OF_SHARE = 100.0
_NEVER_SMOOTHED = frozenset({"lr", "knn", "feature_spread", "mean_cosine", "effective_rank"})
_SET = ("schedule/", "score/")


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

    @property
    def smooths(self) -> bool:
        """Whether smoothing means anything: not for what is set, nor for judgements that come once in many steps."""
        return self.name not in _NEVER_SMOOTHED and not self.name.startswith(_SET)


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
}
# What belongs together on one scale. A chart whose curves a run does not have is left out; the first of them names it.
_GROUPS = (
    PlannedChart(
        "feature_spread_chart",
        "Feature spread",
        "",
        (
            PlannedSeries("feature_spread", "pictures"),
            PlannedSeries("monitor/view_spread", "views"),
            PlannedSeries("monitor/projection_std", "projections"),
            PlannedSeries("monitor/teacher_std", "teacher"),
            PlannedSeries("monitor/latent_std", "latents"),
        ),
    ),
    PlannedChart(
        "mean_cosine_chart",
        "Cosine",
        "",
        (
            PlannedSeries("mean_cosine", "all pairs"),
            PlannedSeries("monitor/target_cosine", "prediction to target"),
            PlannedSeries("monitor/latent_cosine", "predicted to true latents"),
        ),
    ),
    PlannedChart(
        "effective_rank_chart", "Effective rank", "", (PlannedSeries("effective_rank", "effective rank"),)
    ),
    PlannedChart(
        "teacher_chart",
        "Teacher: entropy and KL to the student",
        "nats",
        (
            PlannedSeries("monitor/teacher_entropy", "entropy"),
            PlannedSeries("monitor/kl", "KL"),
            PlannedSeries("monitor/ln_k", "ln K"),
        ),
    ),
    PlannedChart(
        "accuracy_chart",
        "Accuracy of the task",
        "%",
        (
            PlannedSeries("monitor/contrastive_accuracy", "right view found", _PERCENT_OF_SHARE),
            PlannedSeries("monitor/token_accuracy", "right token found", _PERCENT_OF_SHARE),
            PlannedSeries("monitor/prototype_use", "prototypes in use", _PERCENT_OF_SHARE),
        ),
    ),
)
_NORMS = PlannedChart(
    "grad_norm_chart",
    "Gradient norm",
    "",
    (PlannedSeries("grad_norm", "gradient"), PlannedSeries("momentum_norm", "momentum")),
)
_OWN = ("monitor/", "schedule/")


def chart_plan(names: Iterable[str]) -> list[PlannedChart]:
    """Plan the charts of a run.

    Args:
        names: Names of the metrics that have points.

    Returns:
        The charts from top to bottom: loss, what was learned, signs of collapse, learning rate, speed, the method's own
        monitors and schedules, system.
    """
    known = set(names)
    charts = [_loss_chart(known), *_learned_charts(known)]
    charts += [_single(name, *words) for name, words in _SINGLE.items() if name in known]
    charts += [_joined(_NORMS, known)]
    drawn = {one.name for group in _GROUPS for one in group.series}
    own = sorted(name for name in known - drawn if name.startswith(_OWN))
    charts += [_single(name, metric_title(name), metric_unit(name)) for name in own]
    charts += [_joined(PlannedChart("system_chart", "System", "%", _SHARES_OF_SYSTEM), known)]
    charts += [_joined(PlannedChart("memory_chart", "Memory", "MiB", _MEMORY), known)]
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
    """Where there are labels k-NN says what was learned; the signs of collapse are told in either case."""
    knn = PlannedSeries("knn", "k-NN top-1", _PERCENT_OF_SHARE)
    charts = [PlannedChart("knn_chart", "k-NN top-1", "%", (knn,))] if "knn" in known else []
    return charts + [_joined(group, known) for group in _GROUPS]


def _single(name: str, title: str, unit: str) -> PlannedChart:
    key = name.replace("/", "_")
    return PlannedChart(f"{key}_chart", title, unit, (PlannedSeries(name, title.lower()),))


def _joined(planned: PlannedChart, known: set[str]) -> PlannedChart:
    """The chart with those of its curves that the run has."""
    return replace(planned, series=tuple(one for one in planned.series if one.name in known))
