"""What the doctor remembers of a run's curves: their start and their newest points."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

KEPT = 512  # newest points of a series; no rule looks further back
STARTING = 5  # first points of a series: the untrained network, before the rate is up

Point = tuple[str, int, float]


@dataclass
class Track:
    """One series.

    Args:
        first: The very first point (step, value).
        start: The first ``STARTING`` values.
        recent: The newest points (step, value).
        count: Finite points so far.
    """

    first: tuple[int, float]
    start: list[float] = field(default_factory=list)
    recent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0

    def add(self, step: int, value: float) -> None:
        """Take in a finite value."""
        if len(self.start) < STARTING:
            self.start.append(value)
        self.recent.append((step, value))
        self.count += 1


class History:
    """The curves of a run as far as rules need them; its size does not grow with the run."""

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}
        self.step = 0

    def add(self, points: Iterable[Point]) -> None:
        """Take in points (name, step, value) in the order of steps; values that are not finite are passed over."""
        for name, step, value in points:
            self.step = max(self.step, step)
            if not math.isfinite(value):
                continue
            track = self._tracks.get(name)
            if track is None:
                track = self._tracks[name] = Track((step, value))
            track.add(step, value)

    def track(self, name: str) -> Track | None:
        """All that is known of a series, None without points."""
        return self._tracks.get(name)

    def count(self, name: str) -> int:
        """Points of a series so far."""
        track = self._tracks.get(name)
        return track.count if track else 0

    def last(self, name: str, number: int) -> list[float]:
        """The newest values of a series, oldest first; empty while there are fewer than asked for."""
        track = self._tracks.get(name)
        if track is None or len(track.recent) < number:
            return []
        return [value for _, value in list(track.recent)[-number:]]

    def last_after(self, name: str, is_early: Callable[[int], bool], number: int) -> list[float]:
        """The newest values of a series from steps that are not early, oldest first; empty while there are fewer."""
        track = self._tracks.get(name)
        values = [value for step, value in track.recent if not is_early(step)] if track else []
        return values[-number:] if len(values) >= number else []

    def untrained(self, name: str) -> float | None:
        """The value of a series at step 0, None where it was not measured then."""
        track = self._tracks.get(name)
        return track.first[1] if track and track.first[0] == 0 else None
