"""What the processes of one run say to each other between two steps: process 0 decides, the others follow."""

from enum import IntEnum

from engine.distributed import from_all, is_alone, largest_of

Skipped = list[tuple[int, str]]


class Word(IntEnum):
    """What process 0 says; the others say nothing."""

    GO_ON = 0
    WAIT = 1
    LEAVE = 2


NOTHING = Word.GO_ON


def exchange(word: Word = NOTHING, skipped: Skipped | None = None) -> tuple[Word, Skipped]:
    """Say something and hear what process 0 said; every process calls it as often.

    Args:
        word: What this process says; the others than process 0 say nothing.
        skipped: Pictures that this process could not read, unless it has told of them itself.

    Returns:
        What process 0 said, and the pictures that any process told of.
    """
    if is_alone():
        return word, []
    said, most = largest_of([word, len(skipped or [])])
    return Word(said), [each for told in from_all(skipped or []) for each in told] if most else []
