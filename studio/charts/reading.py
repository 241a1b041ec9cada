"""What a legend reads out of a chart, in words. Pure functions of what is drawn."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from studio import wording
from studio.charts.series import Lines


@dataclass(frozen=True)
class Reading:
    """One value of a series.

    Args:
        step: Where.
        value: As measured, in the unit of the chart; not finite where the measurement was not.
        is_mean: Whether it is the mean of the several steps that one drawn point sums up.
        smoothed: What the smoothed line shows there; None where there is none.
    """

    step: float
    value: float
    is_mean: bool = False
    smoothed: float | None = None

    def text(self, unit: str) -> str:
        """Three digits with the unit; a mean says that it is one."""
        words = f"{wording.value(self.value)} {unit}".strip() if math.isfinite(self.value) else "not finite"
        return f"mean {words}" if self.is_mean else words

    def whole(self, unit: str) -> str:
        """All digits, the step, and what the smoothed line shows there, for a tip."""
        value = f"{self.value:.12g} {unit}".strip() if math.isfinite(self.value) else "not finite"
        steps = "around" if self.is_mean else "at"
        lines = [f"{'mean ' if self.is_mean else ''}{value} {steps} step {wording.count(round(self.step))}"]
        if self.smoothed is not None and math.isfinite(self.smoothed):
            lines.append(f"smoothed line: {wording.value(self.smoothed)} {unit}".rstrip())
        return "\n".join(lines)


def hidden_words(lines: Iterable[Lines], *, log_x: bool, log_y: bool, span: tuple[int, int] | None) -> str:
    """Say what a logarithmic axis leaves out; empty when it shows everything.

    Args:
        lines: What is drawn.
        log_x: Whether steps are drawn by their logarithm.
        log_y: Whether values are.
        span: First and last step in sight, None for all.
    """
    low, high = span or (-math.inf, math.inf)
    number, is_exact, has_step_0 = 0, True, False
    for one in lines:
        in_sight = (one.raw_steps >= low) & (one.raw_steps <= high)
        number += int(np.count_nonzero(one.raw_values[in_sight] <= 0))
        is_exact &= one.level == 0
        has_step_0 |= bool(np.any(one.raw_steps[in_sight] <= 0))
    parts = []
    if log_y and number:
        counted = wording.counted(number, "value") if is_exact else "values"
        parts.append(f"{counted} of 0 or below")
    if log_x and has_step_0:
        parts.append("step 0")
    return f"Not on a logarithmic axis: {' and '.join(parts)}." if parts else ""
