"""Declared settings: one line says default, label, bounds, unit and where the default comes from.

Form, command line, validation, tooltip and documentation are all derived from that line.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """A frozen set of declared settings; unknown names and values out of bounds are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


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
