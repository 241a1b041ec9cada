"""Collects what the training loop says and writes it to the store twice a second, in one transaction."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.errors import StoreError
from engine.jobs.system import SystemMonitor
from engine.plan import Plan
from engine.store import Level, Run, Store, add_event, beat, write_metrics
from engine.trainer import StepReport

FLUSH_SECONDS = 0.5
SYSTEM_SECONDS = 2.0
Points = Sequence[tuple[str, int, float]]
MOST_WAITING = 200_000  # points kept while the store cannot be written, some minutes of training


class Recorder:
    """Buffers metric points of a run and knows how far it is.

    Args:
        store: Where they go.
        run: Whose they are, as it was when it was claimed.
    """

    def __init__(self, store: Store, run: Run) -> None:
        self.step, self.total_steps, self.images_seen = run.step, run.total_steps, run.images_seen
        self.latest: dict[str, float] = {}
        self._store, self._run_id = store, run.id
        self._steps_per_epoch = run.step / run.epoch if run.epoch else 1.0
        self._system: SystemMonitor | None = None
        self._device_memory: Callable[[], float | None] = lambda: None
        self._listener: Callable[[Points], None] = lambda _: None
        self._waiting: list[tuple[str, int, float | Tensor, float]] = []
        self._flushed_at = self._system_read_at = self._window_started = time.perf_counter()
        self._window_images, self._window_wait = 0, 0.0

    def describe(self, plan: Plan, system: SystemMonitor, device_memory: Callable[[], float | None]) -> None:
        """Say what is known once the run is assembled: its length, and where load and memory are read."""
        self.total_steps, self._steps_per_epoch = plan.total_steps, plan.steps_per_epoch
        self._system, self._device_memory = system, device_memory

    def tell(self, listener: Callable[[Points], None]) -> None:
        """Give all points (name, step, value) to the listener as well, once they are written."""
        self._listener = listener

    @property
    def epoch(self) -> float:
        """Passes over the pictures so far."""
        return self.step / self._steps_per_epoch

    def start_at(self, step: int, images_seen: int) -> None:
        """Go on from where the last checkpoint was written."""
        self.step, self.images_seen = step, images_seen

    def record(self, report: StepReport) -> bool:
        """Take a step's values in; writes when half a second has passed, and says whether it did."""
        now = time.time()
        self.step = report.step
        self.images_seen += report.images
        self._window_images += report.images
        self._window_wait += report.wait_seconds
        self._waiting += [(name, report.step, value, now) for name, value in report.values.items()]
        self.tell_skipped(report.step, report.skipped)
        if time.perf_counter() - self._flushed_at < FLUSH_SECONDS:
            return False
        self.flush()
        return True

    def tell_skipped(self, step: int, skipped: Sequence[tuple[int, str]]) -> None:
        """Say which pictures could not be read."""
        for _, sentence in skipped:
            self.say(Level.WARNING, f"A picture was skipped: {sentence}", step=step)

    def add(self, step: int, values: dict[str, float]) -> None:
        """Take in numbers that do not come from a step, such as an evaluation."""
        now = time.time()
        self._waiting += [(name, step, value, now) for name, value in values.items()]

    def say(
        self,
        level: Level,
        message: str,
        *,
        step: int | None = None,
        detail: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a line of the run's log; see ``add_event``."""
        add_event(self._store, self._run_id, level, message, step=step, detail=detail, data=data)

    def restart_clock(self) -> None:
        """Forget the time that went into something else than training, such as an evaluation or a pause."""
        self._window_started, self._window_images, self._window_wait = time.perf_counter(), 0, 0.0

    def beat(self, phase: str) -> None:
        """Give a sign of life."""
        beat(
            self._store,
            self._run_id,
            step=self.step,
            epoch=self.epoch,
            images_seen=self.images_seen,
            phase=phase,
        )

    def flush(self) -> None:
        """Write everything that waits.

        Raises:
            StoreError: When the store could not be written for so long that points would be lost.
        """
        self._add_window()
        points = _materialise(self._waiting)
        self._flushed_at = time.perf_counter()
        try:
            write_metrics(self._store, self._run_id, points)
        except StoreError:
            self._waiting = list(points)
            if len(points) > MOST_WAITING:
                raise
            return
        self.latest.update({name: value for name, _, value, _ in points})
        self._waiting = []
        self._listener([(name, step, value) for name, step, value, _ in points])

    def _add_window(self) -> None:
        """Throughput, waiting share and memory since the last write, at the latest step."""
        seconds = time.perf_counter() - self._window_started
        if not self._window_images or seconds <= 0:
            return
        values = {
            "images_per_second": self._window_images / seconds,
            "data_wait": self._window_wait / seconds,
        }
        memory = self._device_memory()
        if memory is not None:
            values["memory_mib"] = memory
        if self._system is not None and time.perf_counter() - self._system_read_at > SYSTEM_SECONDS:
            values |= self._system.read()
            self._system_read_at = time.perf_counter()
        self.add(self.step, values)
        self.restart_clock()


def _materialise(
    waiting: list[tuple[str, int, float | Tensor, float]],
) -> list[tuple[str, int, float, float]]:
    """Fetch all tensors from the device at once."""
    tensors = [value for _, _, value, _ in waiting if isinstance(value, Tensor)]
    numbers = iter(torch.stack([tensor.float() for tensor in tensors]).tolist() if tensors else [])
    return [
        (name, step, next(numbers) if isinstance(value, Tensor) else float(value), wall)
        for name, step, value, wall in waiting
    ]
