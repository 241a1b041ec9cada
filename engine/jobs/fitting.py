"""What a method learns before its first step, under the eyes of a person who may stop it."""

import time
from collections.abc import Callable, Iterator

from engine.data.loader import Batch

ENDLESS = 2**31  # batches; a loader makes only those that are asked for
TELL_SECONDS = 0.5
PHASE = "fitting the targets"


class LeftEarlyError(Exception):
    """The fitting was told to stop; it begins anew when the run is resumed."""


def obeying(
    batches: Iterator[Batch], controls: Callable[[], bool], tell: Callable[[str], None]
) -> Iterator[Batch]:
    """Pass batches on; between them obey what a person asks, and say now and then how far it is.

    Args:
        batches: Batches of training views.
        controls: True when the run must be left.
        tell: Takes the phase, in words.

    Raises:
        LeftEarlyError: While iterating, when the run must be left.
    """
    told = time.monotonic()
    for number, batch in enumerate(batches, start=1):
        if controls():
            raise LeftEarlyError
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            tell(f"{PHASE}, batch {number:,}")
        yield batch
