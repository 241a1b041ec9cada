"""What a rule is: a preset value that follows from the situation, as data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

Rows = tuple[tuple[float, Any], ...]


@dataclass(frozen=True)
class Situation:
    """What a rule may look at.

    Args:
        pictures: Training pictures.
        is_counted: False while the number is a guess.
        values: Dotted setting name -> value, as far as they are known already.
    """

    pictures: int
    is_counted: bool
    values: Mapping[str, Any]

    @property
    def pictures_in_words(self) -> str:
        """The number of pictures, and that it is a guess where it is one."""
        return f"{self.pictures:,} pictures{'' if self.is_counted else ' (not counted yet)'}"

    def number(self, path: str) -> float:
        """A value that is known already."""
        return float(self.values[path])


@dataclass(frozen=True)
class Scaled:
    """What a rule came to.

    Args:
        value: The value.
        reason: One sentence with the numbers, without a full stop.
    """

    value: Any
    reason: str


@dataclass(frozen=True)
class Rule:
    """A value that depends on the situation.

    ``kind`` names the rule in the catalogue, ``needs`` the settings that must be known before it is asked.
    """

    kind: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    def resolve(self, situation: Situation) -> Scaled:
        """The value for so many pictures and such settings, with the reason."""
        raise NotImplementedError

    def as_data(self) -> dict[str, Any]:
        """The rule as plain values for JSON; ``rule_from_data`` reads it back."""
        return {"rule": self.kind, **asdict(self)}

    @property
    def follows(self) -> str:
        """What the value follows, for a person: "the pictures" or "the image size"."""
        return "the image size" if IMAGE_SIZE in self.needs else "the pictures"


IMAGE_SIZE, PATCH_SIZE = "encoder.image_size", "encoder.patch_size"


def row_for(rows: Rows, number: float) -> tuple[Any, str]:
    """The value of the first row that reaches up to a number, else the last one's, and up to where it holds."""
    for limit, value in rows:
        if number <= limit:
            return value, f"as up to {limit:,g}"
    return rows[-1][1], f"as above {rows[-2][0]:,g}" if len(rows) > 1 else "as always"


def in_words(value: Any) -> str:
    """A value as a reason writes it."""
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
