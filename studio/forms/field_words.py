"""What is said about a field: its bounds, its values, its tooltip. Pure functions."""

from typing import Any

from engine.declared import FieldEntry
from studio.forms.numbers import write_number


def bounds(field: FieldEntry) -> str:
    """Bounds in words: "More than 0, 100 or less"; empty without bounds."""
    parts = []
    if field.exclusive_minimum is not None:
        parts.append(f"more than {write_number(field.exclusive_minimum)}")
    if field.minimum is not None:
        parts.append(f"{write_number(field.minimum)} or more")
    if field.maximum is not None:
        parts.append(f"{write_number(field.maximum)} or less")
    return ", ".join(parts).capitalize()


def shown(value: Any) -> str:
    """A value as the form writes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return write_number(value) if isinstance(value, float) else str(value)


def origin(base: Any, source: str, *, is_changed: bool) -> str:
    """Where the value comes from; for a changed one, what it was."""
    return f"default {shown(base)} · {source}" if is_changed else source


def tip(field: FieldEntry, base: Any, source: str) -> str:
    """Everything known of a field, a line each."""
    parts = [field.help, bounds(field), f"Default {shown(base)}: {source}", field.path]
    return "\n".join(part for part in parts if part)
