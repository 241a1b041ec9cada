"""Declared settings: one line says default, label, bounds, unit and where the default comes from.

Form, command line, validation, tooltip and documentation are all derived from that line.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

LONGEST_TEXT = 4096  # bytes; no path of a system we run on is longer


class Settings(BaseModel):
    """A frozen set of declared settings; unknown names, values of another type and out of bounds are refused.

    A value is never turned into another type, so that "0" cannot mean no and true cannot mean one; only a whole number
    may be written with a decimal point (1e3), as people and some writers of JSON and TOML do.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _look_at_type(cls, value: Any, info: ValidationInfo) -> Any:
        kind = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and kind is not bool:
            raise ValueError  # Python counts True as 1, a person does not
        if kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        # Names of files may hold bytes that are no text; Python has them as surrogates, and there are no others.
        if isinstance(value, str) and (
            "\0" in value or len(value.encode(errors="surrogateescape")) > LONGEST_TEXT
        ):
            raise ValueError
        return value


def setting(  # noqa: PLR0913 (a declaration says everything at once)
    default: Any,
    title: str,
    *,
    source: str,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    unit: str = "",
    help: str = "",
    essential: bool = False,
    log: bool = False,
) -> Any:
    """Declare one setting of a ``Settings`` class.

    Args:
        default: The value used when nobody says otherwise.
        title: Label shown to the person, sentence case.
        source: Where the default comes from: "paper, section", "official code, flag", or "ours: why".
        low: Smallest allowed value, inclusive.
        high: Largest allowed value, inclusive.
        above: The value must be strictly greater than this.
        unit: Unit shown after the value, such as "px" or "epochs".
        help: One or two sentences: what it does and when to change it.
        essential: True for the few settings shown without unfolding "Advanced".
        log: True when a person thinks of this number in decades (learning rates).
    """
    if not source:
        raise ValueError(f"the setting '{title}' has no source for its default")
    extra: dict[str, Any] = {"unit": unit, "source": source, "essential": essential, "log": log}
    return Field(default, title=title, description=help, ge=low, le=high, gt=above, json_schema_extra=extra)
