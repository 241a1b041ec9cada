"""Preset values that follow from the number of pictures and the length of the run, as data.

A method writes a rule where a constant would not fit every data set; the catalogue holds it as JSON; a recipe only ever
holds what it came to. Free of torch.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

Rows = tuple[tuple[float, Any], ...]


@dataclass(frozen=True)
class Situation:
    """What a rule may look at.

    Args:
        pictures: Training pictures.
        is_counted: False while the number is a guess.
        values: Dotted setting name -> value, as far as they are known already.
    """

    pictures: int
    is_counted: bool
    values: Mapping[str, Any]

    @property
    def pictures_in_words(self) -> str:
        """The number of pictures, and that it is a guess where it is one."""
        return f"{self.pictures:,} pictures{'' if self.is_counted else ' (not counted yet)'}"

    def number(self, path: str) -> float:
        """A value that is known already."""
        return float(self.values[path])


@dataclass(frozen=True)
class Scaled:
    """What a rule came to.

    Args:
        value: The value.
        reason: One sentence with the numbers, without a full stop.
    """

    value: Any
    reason: str


@dataclass(frozen=True)
class Rule:
    """A value that depends on the situation.

    ``kind`` names the rule in the catalogue, ``needs`` the settings that must be known before it is asked.
    """

    kind: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    def resolve(self, situation: Situation) -> Scaled:
        """The value for so many pictures and such settings, with the reason."""
        raise NotImplementedError

    def as_data(self) -> dict[str, Any]:
        """The rule as plain values for JSON; ``rule_from_data`` reads it back."""
        return {"rule": self.kind, **asdict(self)}


def _row_for(rows: Rows, number: float) -> tuple[Any, str]:
    """The value of the first row that reaches up to a number, else the last one's, and up to where it holds."""
    for limit, value in rows:
        if number <= limit:
            return value, f"as up to {limit:,g}"
    return rows[-1][1], f"as above {rows[-2][0]:,g}" if len(rows) > 1 else "as always"


@dataclass(frozen=True)
class ByPictures(Rule):
    """A value out of a table by the number of training pictures.

    Args:
        rows: (most pictures, value), growing; the last value holds for all larger sets.
        unit: What the value counts, such as "prototypes".
    """

    kind = "by_pictures"
    rows: Rows
    unit: str = ""

    def resolve(self, situation: Situation) -> Scaled:
        """The value of the first row that is large enough."""
        value, limit = _row_for(self.rows, situation.pictures)
        what = f"{_number(value)} {self.unit}".rstrip()
        return Scaled(value, f"{situation.pictures_in_words}: {what}, {limit}")


@dataclass(frozen=True)
class ByEpochs(Rule):
    """A value out of a table by the number of epochs.

    Args:
        rows: (most epochs, value), growing; the last value holds for all longer runs.
    """

    kind = "by_epochs"
    needs = ("training.epochs",)
    rows: Rows

    def resolve(self, situation: Situation) -> Scaled:
        """The value of the first row that is long enough."""
        epochs = situation.number("training.epochs")
        value, limit = _row_for(self.rows, epochs)
        return Scaled(value, f"{epochs:,g} epochs: {_number(value)}, {limit}")


@dataclass(frozen=True)
class BatchWithin(Rule):
    """A batch that is a power of two and no larger than a share of the training pictures; at least two pictures.

    Args:
        most: Batch for data sets that are large enough, a power of two.
        share: Largest share of the pictures in one batch, 0..1.
    """

    kind = "batch_within"
    most: int
    share: float

    def resolve(self, situation: Situation) -> Scaled:
        """The largest such batch."""
        room = max(int(situation.pictures * self.share), 2)
        batch = min(self.most, 2 ** (room.bit_length() - 1))
        bound = f", at most {100 * self.share:.3g} % of them and a power of two" if batch < self.most else ""
        return Scaled(batch, f"{situation.pictures_in_words}: a batch of {batch:,}{bound}")


@dataclass(frozen=True)
class EpochsForSteps(Rule):
    """So many epochs that the run has about a number of steps.

    Args:
        steps: Steps wanted.
        low: Fewest epochs.
        high: Most epochs.
    """

    kind = "epochs_for_steps"
    needs = ("training.batch_size", "training.accumulation")
    steps: int
    low: int
    high: int

    def resolve(self, situation: Situation) -> Scaled:
        """Whole epochs within the bounds."""
        batch, added = situation.number("training.batch_size"), situation.number("training.accumulation")
        per_epoch = max(situation.pictures // batch, 1) / added
        wanted = round(self.steps / per_epoch)
        epochs = min(max(wanted, self.low), self.high)
        aim = f"about {self.steps:,} steps"
        if epochs != wanted:
            aim = f"{'at least' if epochs > wanted else 'at most'} {epochs:,}, for {aim}"
        pictures = situation.pictures_in_words
        return Scaled(epochs, f"{pictures}, {per_epoch:,.4g} steps an epoch: {epochs:,} epochs, {aim}")


@dataclass(frozen=True)
class ShareOfEpochs(Rule):
    """A part of the run, in epochs.

    Args:
        share: Part of the epochs, 0..1.
        most: No more epochs than these.
    """

    kind = "share_of_epochs"
    needs = ("training.epochs",)
    share: float
    most: float

    def resolve(self, situation: Situation) -> Scaled:
        """The part, rounded to a hundredth of an epoch."""
        epochs = situation.number("training.epochs")
        value = round(min(self.share * epochs, self.most), 2)
        bound = (
            f"at most {self.most:g}"
            if self.share * epochs > self.most
            else f"{100 * self.share:.3g} % of them"
        )
        return Scaled(value, f"{epochs:,g} epochs: {value:g}, {bound}")


RULES: Mapping[str, type[Rule]] = {
    rule.kind: rule for rule in (ByPictures, ByEpochs, BatchWithin, EpochsForSteps, ShareOfEpochs)
}


def is_rule_data(value: Any) -> bool:
    """True for a rule as the catalogue holds it."""
    return isinstance(value, Mapping) and value.get("rule") in RULES


def rule_from_data(data: Mapping[str, Any]) -> Rule:
    """Read a rule from the catalogue."""
    values = {name: value for name, value in data.items() if name != "rule"}
    if "rows" in values:
        values["rows"] = tuple((limit, value) for limit, value in values["rows"])
    return RULES[data["rule"]](**values)


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
