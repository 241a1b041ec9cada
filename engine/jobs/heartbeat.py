"""Says every two seconds that the worker lives, also while it loads torch, waits or judges."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType

from engine.errors import StoreError

BEAT_SECONDS = 2.0


class Heartbeat:
    """A thread that calls ``beat`` every two seconds inside a ``with`` block."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._stop = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    def _run(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                self._beat()
            except StoreError:
                continue  # the store is busy or full: the recorder says so, the next beat tries again

    def __enter__(self) -> "Heartbeat":
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if error is not None:
            with suppress(StoreError):
                self._beat()  # a run that broke shows how far it came, not how far it was two seconds before
