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


def scaled_lr(base_lr: float, batch_size: int, accumulation: int = 1) -> float:
    """Learning rate after the linear rule: base per 256 pictures (MAE, official file main_pretrain.py)."""
    return base_lr * batch_size * accumulation / 256
