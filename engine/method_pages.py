"""Writes down what the methods declare, as a page of documentation: a method that is added appears there by itself."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from engine.declared.catalogue import MethodEntry, PresetEntry, load_catalogue
from engine.declared.fields import FieldEntry
from engine.declared.presets import scale_preset
from engine.rules import Rule

PAGE = Path("docs") / "methods.md"
INTRODUCTION = """# Methods

Made from what `engine/methods/` declares, by `ssl-engine catalogue --write`; not to be edited by hand. A value that
follows from the pictures is shown for 10,000 of them.
"""


def render_methods() -> str:
    """The text of the page."""
    methods = load_catalogue().methods.values()
    return "\n".join([INTRODUCTION, *("\n".join(_method(method)) for method in methods)])


def publish_methods() -> Path | None:
    """Write the page beside the sources; None where the program was installed without them."""
    root = Path(str(files("resources"))).parent
    if not (root / PAGE.parent).is_dir():
        return None
    (root / PAGE).write_text(render_methods(), encoding="utf-8")
    return root / PAGE


def _method(method: MethodEntry) -> Iterator[str]:
    yield f"## {method.title} (`{method.name}`)\n"
    yield f"<{method.paper}>\n"
    yield f"{method.use_when} {method.needs}\n"
    for preset in method.presets.values():
        yield from _preset(preset)
    if method.deviations:
        yield "### Otherwise than the official code\n"
        yield from (f"- {sentence}" for sentence in method.deviations)
        yield ""
    yield "### Settings\n"
    yield "| setting | default | source | what it does |"
    yield "|---|---|---|---|"
    yield from (_setting(field) for field in method.fields)
    yield ""


def _preset(preset: PresetEntry) -> Iterator[str]:
    scaled = scale_preset(preset)
    yield f"### {preset.title}\n"
    yield f"{preset.about}\n"
    yield "| setting | value | source |"
    yield "|---|---|---|"
    for path, value in scaled.values.items():
        rule = preset.values[path]
        follows = f" (follows {rule.follows})" if isinstance(rule, Rule) else ""
        yield f"| `{path}` | {_value(value)}{follows} | {_cell(preset.sources[path])} |"
    yield ""


def _setting(field: FieldEntry) -> str:
    unit = f" {field.unit}" if field.unit else ""
    return f"| `{field.path}` | {_value(field.default)}{unit} | {_cell(field.source)} | {_cell(field.help)} |"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else _cell(str(value)) or "none"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
