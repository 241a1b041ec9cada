"""What became of every tensor of a file: the report that an import stands or falls with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What happened to a tensor."""

    MATCHED = "matched"
    RENAMED = "renamed"
    RESHAPED = "reshaped"
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    DROPPED = "dropped"


USED = (Fate.MATCHED, Fate.RENAMED, Fate.RESHAPED)


@dataclass(frozen=True)
class Row:
    """One tensor.

    Args:
        fate: What happened to it.
        key: Its place in the file; empty for a tensor that the file does not have.
        name: Its name in the encoder; empty for one that the encoder does not take.
        reason: Why, where that is not plain.
    """

    fate: Fate
    key: str
    name: str = ""
    reason: str = ""


@dataclass(frozen=True)
class KeyReport:
    """Every tensor of the file and of the encoder, each in one row.

    Args:
        rows: In the order of the file, then what it lacks.
        needed: Tensors that the encoder has.
    """

    rows: Sequence[Row]
    needed: int

    @property
    def counts(self) -> dict[str, int]:
        """Fate -> number of tensors, all fates named."""
        counted = Counter(row.fate for row in self.rows)
        return {fate.value: counted[fate] for fate in Fate}

    @property
    def filled(self) -> int:
        """Tensors of the encoder that the file fills."""
        return len({row.name for row in self.rows if row.fate in USED})

    @property
    def share(self) -> float:
        """Share of the encoder's tensors that the file fills, 0..1."""
        return self.filled / self.needed if self.needed else 0.0

    def of(self, *fates: Fate) -> list[Row]:
        """The rows of some fates."""
        return [row for row in self.rows if row.fate in fates]

    def __str__(self) -> str:
        told = ", ".join(f"{count} {fate}" for fate, count in self.counts.items() if count)
        return f"{self.filled} of {self.needed} tensors of the encoder filled ({told})"

    def as_text(self) -> str:
        """One line for each tensor."""
        return "\n".join(map(_line, self.rows))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        rows = [{**asdict(row), "fate": row.fate.value} for row in self.rows]
        return {"counts": self.counts, "needed": self.needed, "share": self.share, "rows": rows}


def _line(row: Row) -> str:
    to = f" -> {row.name}" if row.name and row.name != row.key else ""
    reason = f" ({row.reason})" if row.reason else ""
    return f"{row.fate.value:<11} {row.key or '(none)'}{to}{reason}"
