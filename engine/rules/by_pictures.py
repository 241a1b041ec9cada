"""Values that follow from the number of pictures and the length of the run."""

from dataclasses import dataclass

from engine.rules.rule import Rows, Rule, Scaled, Situation, in_words, row_for


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
        value, limit = row_for(self.rows, situation.pictures)
        what = f"{in_words(value)} {self.unit}".rstrip()
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
        value, limit = row_for(self.rows, epochs)
        return Scaled(value, f"{epochs:,g} epochs: {in_words(value)}, {limit}")


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
