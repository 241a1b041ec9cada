"""The last values of a run, worded: what a card or a header shows beside its progress. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.store import Run, SeriesSummary
from studio import wording


@dataclass(frozen=True)
class WordedValue:
    """A value as it is shown.

    Args:
        name: Name of the metric.
        title: What it is called.
        text: Three digits and the unit.
        whole: All digits, for a tip.
    """

    name: str
    title: str
    text: str
    whole: str


TITLES = {
    "loss": "Loss",
    "knn": "k-NN top-1",
    "feature_spread": "Feature spread",
    "mean_cosine": "Mean cosine",
    "momentum_norm": "Momentum norm",
    "effective_rank": "Effective rank",
    "lr": "Learning rate",
    "images_per_second": "Throughput",
    "grad_norm": "Gradient norm",
    "data_wait": "Waiting for data",
    "memory_mib": "Memory of the run",
}
_SHARES = ("knn", "data_wait")
_UNITS = {"images_per_second": "pictures/s", "memory_mib": "MiB"}
_HEADLINE = ("loss", "knn", "feature_spread", "effective_rank", "images_per_second", "lr")


def metric_title(name: str) -> str:
    """What a metric is called on screen: "loss/regression" is "Loss: regression"."""
    if name in TITLES:
        return TITLES[name]
    group, _, rest = name.partition("/")
    words = rest.replace("_", " ") or group.replace("_", " ")
    return f"{TITLES[group]}: {words}" if rest and group in TITLES else words.capitalize()


def metric_unit(name: str) -> str:
    """Unit of a metric as its axis shows it; empty where it has none."""
    return "%" if name in _SHARES else _UNITS.get(name, "")


def worded(name: str, value: float | None) -> str:
    """Say a value of a metric with three digits and its unit."""
    if value is None:
        return "not finite"
    if name in _SHARES:
        return wording.percent(value)
    unit = metric_unit(name)
    return f"{wording.value(value)} {unit}".strip()


def as_of_newest_point(run: Run, series: Mapping[str, SeriesSummary]) -> Run:
    """The row with the step of its newest point: a worker writes points more often than how far it is.

    Header, charts and legends then speak of the same step.

    Args:
        run: The row as last read.
        series: The run's series by name, as last read.
    """
    newest = max((one.last_step for one in series.values()), default=0)
    if not run.is_active or newest <= run.step or (run.total_steps and newest > run.total_steps):
        return run
    # Epochs go by evenly; before the first sign of life there is nothing to go by.
    epoch = run.epoch * newest / run.step if run.step else run.epoch
    return replace(run, step=newest, epoch=epoch)


def headline_values(summaries: Mapping[str, SeriesSummary], most: int = 4) -> list[WordedValue]:
    """The few values that say how a run does: loss, what was learned, speed.

    Args:
        summaries: The run's series by name.
        most: At most so many.
    """
    # Where there are labels, k-NN says what was learned; without them spread and rank have to.
    unwanted = ("feature_spread", "effective_rank") if "knn" in summaries else ()
    names = [name for name in _HEADLINE if name in summaries and name not in unwanted][:most]
    return [_worded_value(name, summaries[name].last_value) for name in names]


def _worded_value(name: str, value: float | None) -> WordedValue:
    return WordedValue(name, TITLES[name], worded(name, value), repr(value))
