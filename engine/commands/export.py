"""Take the encoder out of a run, for use anywhere."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import ForceOption, JsonOption, RunArgument, StoreOption, path_option
from engine.commands.speech import say, say_json, told_as_json


def export(
    run_id: RunArgument,
    out: Annotated[
        Path, path_option("--out", metavar="DIR", help_text="Folder to write to; made where missing.")
    ],
    formats: Annotated[
        str,
        typer.Option("--format", metavar="LIST", help="Some of timm,state-dict,onnx,torch-export."),
    ] = "timm",
    force: ForceOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a run's encoder for timm, torch or ONNX, each file checked, with a model card."""
    from engine.store import get_run, open_store

    opened = open_store(store)
    try:
        with told_as_json(as_json):
            get_run(opened, run_id)  # a wrong number is told before torch is loaded
            from engine.jobs.export import export_run

            wanted = [name.strip() for name in formats.split(",") if name.strip()]
            differences = export_run(opened, run_id, out, wanted, force=force)
    finally:
        opened.close()
    if as_json:
        say_json({"run": run_id, "out": str(out.absolute()), "differences": differences})
        return
    say(f"Wrote {out}")
    for name, difference in differences.items():
        say(f"  {name}: gives the run's features (largest relative difference {difference:.1e})")
