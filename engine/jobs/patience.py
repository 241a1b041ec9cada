"""Says when a job waits long for something that a person can look after, such as a disk that does not answer."""

import time
from collections.abc import Generator

from engine.data.loader import Batch

LONG_SECONDS = 60.0


class Patience:
    """Knows since when the next batch is awaited; asked by another thread than the one that waits."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._told = False

    def over(self, batches: Generator[Batch, None, None]) -> Generator[Batch, None, None]:
        """Pass batches on, and watch how long each takes; closing this closes them."""
        try:
            while True:
                self._since = time.monotonic()
                batch = next(batches, None)
                self._since = None
                if batch is None:
                    return
                yield batch
        finally:
            self._since = None
            batches.close()

    @property
    def phase(self) -> str:
        """What the job does, in words, when it waits long; empty otherwise."""
        since = self._since
        waited = 0.0 if since is None else time.monotonic() - since
        return f"waiting for pictures since {waited:.0f} s" if waited > LONG_SECONDS else ""

    def complaint(self) -> str:
        """What to tell the person, once for each time that it waits long; empty otherwise."""
        if not self.phase:
            self._told = False
            return ""
        if self._told:
            return ""
        self._told = True
        return (
            f"No batch of pictures has come for {LONG_SECONDS:.0f} s. "
            "Does their disk still answer? The run goes on when it does; stop it to end the waiting."
        )
