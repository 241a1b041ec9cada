"""What is doubtful in a recipe for these pictures and this computer, with the numbers: allowed, and rarely meant."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from engine.declared.catalogue import load_catalogue
from engine.declared.cost import (
    SPREAD,
    checkpoint_bytes,
    memory_bytes,
    most_checkpoints,
    seconds_on_cores,
)
from engine.declared.presets import scale_preset
from engine.declared.problem import DatasetFacts, Problem
from engine.plan import Plan, make_plan
from engine.recipe import Recipe, TrainingSettings

DAY = 86_400
LONG = 2 * DAY
FAR_OFF = 10  # times the highest rate of the method's own recipes
FAR_BELOW = 1000
GIB = 2**30


@dataclass(frozen=True)
class Computer:
    """What the checks ask of the computer.

    Args:
        devices: Name -> memory in bytes, the one that "auto" takes first.
        cores: Of the processor.
        free_disk: Bytes free where checkpoints go; None where nobody looked.
    """

    devices: Mapping[str, int] = field(default_factory=dict)
    cores: int = 1
    free_disk: int | None = None

    def device_of(self, recipe: Recipe) -> str:
        """The device that the run would take; empty when there is none."""
        wanted = recipe.training.device
        return next(
            (name for name in self.devices if wanted in ("auto", name) or name.startswith(f"{wanted}:")), ""
        )


def doubts(recipe: Recipe, dataset: DatasetFacts | None, computer: Computer | None) -> Iterator[Problem]:
    """Everything doubtful, and what the computer cannot hold.

    Args:
        recipe: A valid recipe.
        dataset: The pictures; None before a scan.
        computer: This computer; None leaves out what depends on it.
    """
    yield from _check_rate(recipe)
    if computer is not None:
        yield from _check_memory(recipe, computer)
    if dataset is None or dataset.num_train < 2:
        return
    plan = make_plan(recipe.training, dataset.num_train)
    yield from _check_step(recipe, plan, dataset.num_train)
    yield from _check_warmup(plan)
    yield from _check_pixels(recipe, dataset)
    if computer is not None:
        yield from _check_time(recipe, plan, computer)
        yield from _check_disk(recipe, plan, computer)


@cache
def peak_rates(method: str, optimizer: str) -> Mapping[str, float]:
    """Preset -> its highest learning rate after scaling, of those presets that use the optimizer."""
    found = {}
    for name, preset in load_catalogue().method(method).presets.items():
        values = scale_preset(preset).values
        training = TrainingSettings(
            **{
                path.partition(".")[2]: value
                for path, value in values.items()
                if path.startswith("training.")
            }
        )
        if training.optimizer == optimizer:
            found[name] = make_plan(training, 10_000).peak_lr
    return found


def _check_rate(recipe: Recipe) -> Iterator[Problem]:
    training = recipe.training
    known = peak_rates(recipe.method, training.optimizer)
    if (
        not known
    ):  # an optimizer that none of the method's own recipes takes: those of the others say something
        others = [peak_rates(name, training.optimizer) for name in load_catalogue().methods]
        known = {f"{number}": rate for number, rates in enumerate(others) for rate in rates.values()}
    if not known:
        return
    peak, low, high = make_plan(training, 10_000).peak_lr, min(known.values()), max(known.values())
    if low / FAR_BELOW <= peak <= FAR_OFF * high:
        return
    paper = f"; the paper's is {known['paper']:.2g}" if "paper" in known else ""
    far = f"{peak / high:,.0f} times" if peak > high else f"{100 * peak / low:.1g} % of"
    side = "highest" if peak > high else "lowest"
    fitting = training.base_lr * (known.get(recipe.preset) or known.get("paper") or high) / peak
    yield Problem(
        "training.base_lr",
        f"The learning rate peaks at {peak:.3g}, {far} the {side} of the known recipes with {training.optimizer}"
        f"{paper}.",
        f"A base of {fitting:.2g} gives the usual peak with this batch.",
        level="warning",
        suggestion=float(f"{fitting:.2g}"),
    )


def _check_step(recipe: Recipe, plan: Plan, num_train: int) -> Iterator[Problem]:
    batch, added = recipe.training.batch_size, recipe.training.accumulation
    if added > 1 and batch * added > num_train:
        fitting = max(num_train // (8 * batch), 1)
        yield Problem(
            "training.accumulation",
            f"One step adds up {batch * added:,} pictures, more than the {num_train:,} there are: the weights change "
            f"{plan.total_steps:,} times in {plan.total_epochs:,.0f} epochs.",
            f"Add up {fitting} batches a step.",
            level="warning",
            suggestion=fitting,
        )


def _check_warmup(plan: Plan) -> Iterator[Problem]:
    warmup, total = plan.training.warmup_epochs, plan.total_epochs
    if total / 2 < warmup < total:
        fitting = round(total / 20, 2)
        yield Problem(
            "training.warmup_epochs",
            f"The warm-up takes {warmup:g} of {total:.3g} epochs, so that most of the run is spent below its rate.",
            f"A twentieth of the run is usual: {fitting:g} epochs.",
            level="warning",
            suggestion=fitting,
        )


def _check_pixels(recipe: Recipe, dataset: DatasetFacts) -> Iterator[Problem]:
    median, side = getattr(dataset, "median_side", None), recipe.encoder.image_size
    if median and side > 1.5 * median:
        yield Problem(
            "encoder.image_size",
            f"An image of {side} px is larger than half of the pictures, whose shorter side is {median} px or less: "
            "they are enlarged, which costs time and adds nothing.",
            f"Take about {max(16, round(median / 16) * 16)} px.",
            level="warning",
            suggestion=max(16, round(median / 16) * 16),
        )


def _check_time(recipe: Recipe, plan: Plan, computer: Computer) -> Iterator[Problem]:
    """On a processor alone: how fast a card is cannot be told from here."""
    if computer.device_of(recipe) != "cpu":
        return
    seconds = seconds_on_cores(recipe, plan, computer.cores)
    if seconds / SPREAD > LONG:
        low, high = (_in_words(seconds * factor) for factor in (1 / SPREAD, SPREAD))
        yield Problem(
            "training.epochs",
            f"On this processor ({computer.cores} cores) the run takes about {_in_words(seconds)}, between {low} and "
            f"{high}.",
            "Take the preset Quick or Desktop, a smaller encoder or image, fewer epochs, or a computer with a GPU.",
            level="warning",
        )


def _check_disk(recipe: Recipe, plan: Plan, computer: Computer) -> Iterator[Problem]:
    if computer.free_disk is None:
        return
    one, most = checkpoint_bytes(recipe), most_checkpoints(recipe, plan)
    if one > computer.free_disk or one * most > computer.free_disk:
        is_hopeless = one > computer.free_disk
        kept = "One checkpoint takes" if is_hopeless else f"The {most} checkpoints that a long run keeps take"
        yield Problem(
            "training.keep_checkpoints",
            f"{kept} {_gib(one if is_hopeless else one * most)} or more, and the store's disk has "
            f"{_gib(computer.free_disk)} free.",
            "Free some room, keep fewer checkpoints, or take a smaller encoder.",
            level="error" if is_hopeless else "warning",
        )


def _check_memory(recipe: Recipe, computer: Computer) -> Iterator[Problem]:
    device = computer.device_of(recipe)
    room, needed = computer.devices.get(device, 0), memory_bytes(recipe)
    if room and needed > room / 2:
        is_hopeless = needed > room
        yield Problem(
            "encoder.name",
            f"Weights, gradients and moments of this encoder take {_gib(needed)} or more; {device} has {_gib(room)}.",
            "Take a smaller encoder.",
            level="error" if is_hopeless else "warning",
        )


def _gib(size: float) -> str:
    return f"{size / GIB:,.0f} GiB" if size >= 10 * GIB else f"{size / GIB:.2g} GiB"


def _in_words(seconds: float) -> str:
    """A long time in the unit that fits it: "40 hours", "58 days", "3 years"."""
    for unit, length in (("years", 365 * DAY), ("days", DAY)):
        if seconds >= 2 * length:
            return f"{_rounded(seconds / length):,} {unit}"
    return f"{_rounded(seconds / 3600):,} hours"


def _rounded(number: float) -> int:
    digits = 1 - math.floor(math.log10(max(number, 1)))
    return max(int(round(number, digits)), 1)
