"""How many steps a recipe makes of a data set, and the learning rate at each: arithmetic without torch."""

from dataclasses import dataclass

from engine.recipe import TrainingSettings
from engine.schedules import Progress, cosine, scaled_lr, warmup_cosine, warmup_cosine_through_peak


@dataclass(frozen=True)
class Plan:
    """The length of a run in its several units.

    Args:
        training: The settings it follows from.
        batches_per_epoch: Whole batches in one pass; a remainder waits for the next pass.
        total_steps: Optimizer updates of the run.
    """

    training: TrainingSettings
    batches_per_epoch: int
    total_steps: int

    @property
    def steps_per_epoch(self) -> float:
        """Updates in one pass over the pictures; fractional where accumulation does not divide the batches."""
        return self.batches_per_epoch / self.training.accumulation

    @property
    def total_batches(self) -> int:
        """Batches of the whole run."""
        return self.total_steps * self.training.accumulation

    @property
    def total_epochs(self) -> float:
        """Passes over the pictures of the whole run."""
        return self.total_steps / self.steps_per_epoch

    @property
    def peak_lr(self) -> float:
        """Learning rate at the end of the warm-up."""
        training = self.training
        return scaled_lr(training.base_lr, training.batch_size, training.accumulation, training.lr_scaling)

    @property
    def warmup_steps(self) -> int:
        """Whole updates of the warm-up."""
        return int(self.training.warmup_epochs * self.steps_per_epoch)

    def lr_at(self, step: int) -> float:
        """Learning rate of the update that follows ``step`` finished ones."""
        training = self.training
        if training.warmup_form == "through_peak":
            return warmup_cosine_through_peak(
                step,
                peak=self.peak_lr,
                floor=training.min_lr,
                warmup_steps=self.warmup_steps,
                total_steps=self.total_steps,
            )
        whole = training.warmup_form == "whole_steps"
        return warmup_cosine(
            step if whole else step / self.steps_per_epoch,
            peak=self.peak_lr,
            floor=training.min_lr,
            warmup_epochs=self.warmup_steps if whole else training.warmup_epochs,
            epochs=self.total_steps if whole else self.total_epochs,
        )

    @property
    def moves_weight_decay(self) -> bool:
        """Whether the weight decay changes over the run."""
        return self.training.weight_decay_form == "cosine"

    def weight_decay_at(self, step: int) -> float:
        """Weight decay of the update that follows ``step`` finished ones (DINO, official file main_dino.py)."""
        training = self.training
        if not self.moves_weight_decay:
            return training.weight_decay
        return cosine(training.weight_decay, training.weight_decay_end, step / max(self.total_steps, 1))

    def progress(self, step: int) -> Progress:
        """Where the run is after ``step`` updates."""
        return Progress(step, self.total_steps, self.steps_per_epoch)


def held_out_of_class(size: int, share: float) -> int:
    """How many of a class's pictures are kept from training to judge by: at least one and never all of them."""
    return min(max(1, round(share * size)), size - 1) if share > 0 and size > 0 else 0


def make_plan(training: TrainingSettings, num_pictures: int) -> Plan:
    """Count the batches and steps that the settings make of so many training pictures."""
    batches = max(num_pictures // training.batch_size, 1)
    steps = training.steps or max(batches * training.epochs // training.accumulation, 1)
    return Plan(training, batches, steps)
