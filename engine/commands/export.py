"""Take the encoder out of a run, for use anywhere."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import RunArgument, StoreOption
from engine.commands.speech import say


def export(
    run_id: RunArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to write to; made where missing.")
    ],
    store: StoreOption = None,
) -> None:
    """Write a run's encoder as safetensors, with a card and a snippet that loads it."""
    from engine.store import get_run, open_store

    opened = open_store(store)
    try:
        get_run(opened, run_id)  # a wrong number is told before torch is loaded
        from engine.jobs.export import export_run

        say(f"Wrote {export_run(opened, run_id, out)}")
    finally:
        opened.close()
