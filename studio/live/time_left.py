"""How long a run still takes, said only when it is known."""

from collections import deque

WINDOW_SECONDS = 180.0
MIN_SECONDS = 6.0
MIN_STEPS = 8
AGREEMENT = 0.15


class TimeLeft:
    """Watches how fast steps go by and judges whether that is steady enough to promise anything."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, wall: float, step: int) -> None:
        """Take down that ``step`` steps were finished at ``wall`` (unix seconds).

        A step that goes back, or a long silence (a pause, a sleeping computer), starts the watch anew.
        """
        if self._seen and (step < self._seen[-1][1] or wall - self._seen[-1][0] > WINDOW_SECONDS):
            self._seen.clear()
        if self._seen and step == self._seen[-1][1]:
            return
        self._seen.append((wall, step))
        while wall - self._seen[0][0] > WINDOW_SECONDS:
            self._seen.popleft()

    def forget(self) -> None:
        """Start anew, as after a pause."""
        self._seen.clear()

    def seconds(self, total_steps: int) -> float | None:
        """Seconds until ``total_steps``, or None while the speed of the two halves differs by more than 15 %."""
        if len(self._seen) < 4:
            return None
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        if end - start < MIN_SECONDS or last - first < MIN_STEPS:
            return None
        middle_wall, middle_step = self._seen[len(self._seen) // 2]
        if middle_wall <= start or middle_wall >= end:
            return None
        early = (middle_step - first) / (middle_wall - start)
        late = (last - middle_step) / (end - middle_wall)
        speed = (last - first) / (end - start)
        if speed <= 0 or abs(early - late) > AGREEMENT * speed:
            return None
        return max(total_steps - last, 0) / speed
