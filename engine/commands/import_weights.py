"""Take in weights from elsewhere: show what is in a file, and make a run of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.options import JsonOption, StoreOption, path_argument
from engine.commands.speech import cell, plain_console, say, say_json, told_as_json, warn

if TYPE_CHECKING:
    from engine.jobs.import_weights import Import
    from engine.weights.report import KeyReport, Row


def import_weights(  # noqa: PLR0917 - the signature is the list of flags
    file: Annotated[Path, path_argument(metavar="FILE", help_text="A file of torch.save or safetensors.")],
    name: Annotated[str, typer.Option(help="Label of the run; after the file when left out.")] = "",
    heads: Annotated[
        int | None, typer.Option(help="Attention heads, where the weights are of an unusual size.", min=1)
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(help="Side of the pictures to look at, px; the one of training when left out."),
    ] = None,
    data: Annotated[str, typer.Option(metavar="DIR", help="Pictures to look at it with.")] = "builtin:shapes",
    store: StoreOption = None,
    every_key: Annotated[
        bool, typer.Option("--keys", help="Show every tensor in a line of its own.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Import official or other weights as a finished run: to look inside, embed, export, or start from."""
    from engine.jobs.import_weights import import_weights as do_import
    from engine.store import open_store
    from engine.store.private import write_privately

    write_privately()
    opened = open_store(store)
    try:
        with told_as_json(as_json):
            made = do_import(opened, file, name=name, heads=heads, image_size=image_size, data=data)
    finally:
        opened.close()
    if as_json:
        say_json(_as_dict(made))
    else:
        _describe(made, every_key=every_key)


def _as_dict(made: "Import") -> dict[str, Any]:
    known = made.weights.known
    return {
        "run": made.run.id,
        "name": made.run.name,
        "format": known.name,
        "title": known.title,
        "encoder": made.encoder.model_dump(),
        "normalise": known.expects.name,
        "licence": known.licence.name,
        "restricted": known.licence.is_restricted,
        "sha256": made.weights.file.sha256,
        "pooling": made.weights.read.reading,
        "doubts": list(made.doubts),
        "report": made.report.as_dict(),
    }


def _describe(made: "Import", *, every_key: bool) -> None:
    """Say what was found and what became of it, for a person."""
    known, encoder = made.weights.known, made.encoder
    say(f"Run {made.run.id}: {made.run.name}")
    sizes = f"pictures of {encoder.image_size} px"
    if encoder.name.startswith("vit"):
        sizes += f" in patches of {encoder.patch_size} px"
    say(f"  {known.title}; {encoder.name}, {sizes}")
    say(f"  normalisation: {known.expects.name}, {known.expects.source}")
    if encoder.name.startswith("vit"):
        say(f"  read by: {made.weights.read.reading}, {made.weights.read.source}")
    say(f"  {made.report}")
    for doubt in made.doubts:
        warn(doubt)
    if every_key:
        say(made.report.as_text())
    else:
        _print_table(made.report)
    (warn if known.licence.is_restricted else say)(f"Licence {known.licence.name}: {known.licence.note}")
    say(f"Start a run from it: ssl-engine train {_flags(made)}")


def _flags(made: "Import") -> str:
    """The flags of ``train`` that build the same encoder and start it from the import."""
    encoder = made.encoder
    flags = [f"--encoder {encoder.name} --image-size {encoder.image_size}"]
    if encoder.name.startswith("vit"):
        flags.append(f"--patch-size {encoder.patch_size}")
    if encoder.layer_scale:
        flags.append(f"--set encoder.layer_scale={encoder.layer_scale:g}")
    return " ".join([*flags, f"--set encoder.weights=run:{made.run.id}"])


def _print_table(report: "KeyReport") -> None:
    """Print one line for all tensors that share their fate and its reason."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("tensors", "fate", "in the file", "in the encoder", "reason"):
        table.add_column(title, justify="right" if title == "tensors" else "left", overflow="fold")
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in report.rows:
        groups.setdefault((row.fate.value, row.reason), []).append(row)
    for (fate, reason), rows in groups.items():
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        table.add_row(
            str(len(rows)), fate, cell((rows[0].key or "-") + more), cell(rows[0].name), cell(reason)
        )
    plain_console().print(table)
