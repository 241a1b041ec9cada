"""Where a run is, and every schedule as a pure function of that.

Nothing here keeps state, so a resumed run reads the same values as one that never stopped.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where a run is.

    Args:
        step: Optimizer updates finished so far.
        total_steps: Updates of the whole run.
        steps_per_epoch: Updates in one pass over the pictures.
    """

    step: int
    total_steps: int
    steps_per_epoch: float

    @property
    def epoch(self) -> float:
        """Passes over the pictures so far, fractional."""
        return self.step / self.steps_per_epoch

    @property
    def share(self) -> float:
        """Share of the run that is done, 0..1."""
        return self.step / self.total_steps if self.total_steps else 1.0


def cosine(start: float, end: float, share: float) -> float:
    """Go from ``start`` to ``end`` along half a cosine as ``share`` goes from 0 to 1."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(max(share, 0.0), 1.0)))


def warmup_cosine(epoch: float, *, peak: float, floor: float, warmup_epochs: float, epochs: float) -> float:
    """Learning rate at a fractional epoch: linear from 0 to ``peak``, then half a cosine to ``floor``.

    Follows MAE, official file util/lr_sched.py: the warm-up starts at 0 whatever ``floor`` is.

    Args:
        epoch: Fractional epoch, finished updates / updates per epoch.
        peak: Learning rate at the end of the warm-up, after batch scaling.
        floor: Learning rate at the end of the run.
        warmup_epochs: Length of the rising phase.
        epochs: Length of the whole run.
    """
    if epoch < warmup_epochs:
        return peak * epoch / warmup_epochs
    return cosine(peak, floor, (epoch - warmup_epochs) / max(epochs - warmup_epochs, 1e-9))


def warmup_cosine_through_peak(
    step: int, *, peak: float, floor: float, warmup_steps: int, total_steps: int
) -> float:
    """Learning rate of the update that follows ``step`` finished ones, as DINO counts.

    Follows DINO, official file utils.py, cosine_scheduler: the last warm-up step has the peak, the first of the cosine
    has it again, and the floor is never quite reached.

    Args:
        step: Finished updates.
        peak: Largest learning rate.
        floor: Learning rate the cosine heads for.
        warmup_steps: Updates of the rising phase; it starts at 0.
        total_steps: Updates of the whole run.
    """
    if step < warmup_steps:
        return peak * step / max(warmup_steps - 1, 1)
    return cosine(peak, floor, (step - warmup_steps) / max(total_steps - warmup_steps, 1))


def scaled_lr(base_lr: float, batch_size: int, accumulation: int = 1, rule: str = "linear") -> float:
    """Learning rate for so many pictures a step.

    Args:
        base_lr: Before scaling.
        batch_size: Pictures of a batch.
        accumulation: Batches of a step.
        rule: "linear" is base * pictures / 256 (MAE, official file main_pretrain.py), "sqrt" is base * root of the
            pictures, without the 256 (SimCLR, official file tf2/model.py), "none" the base itself (CAE).
    """
    pictures = batch_size * accumulation
    if rule == "none":
        return base_lr
    return base_lr * (pictures**0.5 if rule == "sqrt" else pictures / 256)
