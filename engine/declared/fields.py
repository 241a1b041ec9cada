"""One declared setting as a form, a command line or a document needs it."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from engine.settings import Settings

PYTHON_TYPES: dict[str, type] = {
    "integer": int,
    "number": float,
    "boolean": bool,
    "string": str,
}


@dataclass(frozen=True)
class FieldEntry:
    """One setting.

    Args:
        path: Dotted name in a recipe, such as ``training.batch_size`` or ``settings.mask_ratio``.
        title: Label.
        type: "integer", "number", "boolean", "string" or "choice".
        default: Value when neither preset nor person says otherwise.
        minimum: Smallest allowed value, or None.
        maximum: Largest allowed value, or None.
        exclusive_minimum: The value must be greater than this, or None.
        unit: Unit after the value.
        source: Where the default comes from.
        help: What it does.
        essential: Shown without unfolding "Advanced".
        log: Thought of in decades.
        choices: Allowed values of a choice, in order.
    """

    path: str
    title: str
    type: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    unit: str = ""
    source: str = ""
    help: str = ""
    essential: bool = False
    log: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


def _type_of(schema: dict[str, Any]) -> str:
    return "choice" if "enum" in schema else str(schema.get("type", "string"))


def field_from_schema(path: str, schema: dict[str, Any]) -> FieldEntry:
    """Read one property of a pydantic JSON schema."""
    return FieldEntry(
        path=path,
        title=schema["title"],
        type=_type_of(schema),
        default=schema["default"],
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        exclusive_minimum=schema.get("exclusiveMinimum"),
        unit=schema.get("unit", ""),
        source=schema.get("source", ""),
        help=schema.get("description", ""),
        essential=schema.get("essential", False),
        log=schema.get("log", False),
        choices=tuple(schema.get("enum", ())),
    )


def fields_of(prefix: str, schema: dict[str, Any]) -> list[FieldEntry]:
    """Read all properties of a settings class's JSON schema, in order of declaration."""
    return [field_from_schema(f"{prefix}.{name}", part) for name, part in schema["properties"].items()]


def model_from_fields(name: str, fields: list[FieldEntry]) -> type[BaseModel]:
    """A validating class made from declared fields, so that types, choices and bounds are checked without the method.

    It accepts and refuses what the method's own ``Config`` does.
    """
    described: dict[str, Any] = {
        field.name: (
            Literal[field.choices] if field.type == "choice" else PYTHON_TYPES[field.type],
            Field(
                field.default,
                title=field.title,
                ge=field.minimum,
                le=field.maximum,
                gt=field.exclusive_minimum,
            ),
        )
        for field in fields
    }
    return create_model(name, __base__=Settings, **described)
