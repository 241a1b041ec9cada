"""List the methods, and renew the catalogue that describes them."""

from typing import Annotated

import typer

from engine.commands.options import JsonOption
from engine.commands.speech import say, say_json


def methods(as_json: JsonOption = False) -> None:
    """List the methods with their presets."""
    from engine.declared import load_catalogue

    entries = load_catalogue().methods.values()
    if as_json:
        say_json(
            {"methods": [{"name": each.name, "title": each.title, "paper": each.paper} for each in entries]}
        )
        return
    for entry in entries:
        say(f"{entry.name}: {entry.title}. {entry.use_when} {entry.needs}")
        say(f"    {entry.paper}")
        for preset in entry.presets.values():
            say(f"    --preset {preset.name}: {preset.about}")


def catalogue(
    write: Annotated[
        bool, typer.Option("--write", help="Renew resources/catalogue.json and docs/methods.md.")
    ] = False,
) -> None:
    """Print what the methods and encoders declare, or renew the file that the studio reads."""
    from engine.catalogue import publish, render
    from engine.declared import load_catalogue
    from engine.method_pages import publish_methods

    if write:
        say(f"Wrote {publish()}")
        load_catalogue.cache_clear()
        if page := publish_methods():
            say(f"Wrote {page}")
    else:
        say(render().rstrip())
