"""One thing that is wrong or doubtful, and what is asked of the pictures to find it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong or doubtful.

    Args:
        field: Dotted name of the setting it belongs to.
        message: What is wrong, one sentence.
        fix: What to do, one sentence.
        level: "error" keeps the run from starting, "warning" does not.
        suggestion: A value of the field that would mend it, or None.
    """

    field: str
    message: str
    fix: str
    level: Literal["error", "warning"] = "error"
    suggestion: Any = None


class DatasetFacts(Protocol):
    """What the checks ask of the pictures."""

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes; empty without labels."""

    @property
    def num_train(self) -> int:
        """Readable training pictures."""
