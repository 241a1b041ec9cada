"""Write what a run's encoder makes of pictures: one vector each, for use anywhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.commands.options import ForceOption, JsonOption, RunArgument, StoreOption, path_option
from engine.commands.speech import is_terminal, plain_console, say, say_json, told_as_json, warn

LISTED = 5


def embed(  # noqa: PLR0913, PLR0917 - the signature is the list of flags
    run_id: RunArgument,
    data: Annotated[str, typer.Option(metavar="DIR", help="A folder, a list, or builtin:NAME.")],
    out: Annotated[Path, path_option(metavar="FILE", help_text="Ends in .parquet or .npy.")],
    pooling: Annotated[
        str,
        typer.Option(help="cls, mean, or patch for a vector of every patch; auto is what evaluations use."),
    ] = "auto",
    kind: Annotated[str, typer.Option(help="Layout of the folder; auto recognises it.")] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    workers: Annotated[int, typer.Option(help="Loader processes.", min=0)] = 0,
    force: ForceOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the features of every picture of a place, as Parquet or as a NumPy array."""
    from engine.store import get_run, open_store

    opened = open_store(store)
    try:
        chosen: Any = pooling
        with told_as_json(as_json), _progress() as tell:
            get_run(opened, run_id)  # a wrong number is told before torch is loaded
            from engine.jobs.embed import embed_run

            done = embed_run(
                opened,
                run_id,
                data,
                out,
                kind=kind,
                pooling=chosen,
                force=force,
                device=device,
                workers=workers,
                on_progress=tell,
            )
    finally:
        opened.close()
    if as_json:
        shown = {
            "vectors": done.vectors,
            "width": done.width,
            "pooling": done.pooling,
            "skipped": done.skipped,
        }
        say_json({"run": run_id, "out": str(out.absolute()), **shown})
        return
    say(f"Wrote {done.vectors:,} vectors of {done.width} ({done.pooling}) to {out}")
    for reason in done.skipped[:LISTED]:
        warn(f"skipped {reason}")
    if len(done.skipped) > LISTED:
        warn(f"and {len(done.skipped) - LISTED:,} more were skipped; --json lists them")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar for a person, nothing for a file."""
    if not is_terminal():
        yield None
        return
    from rich.progress import Progress

    with Progress(console=plain_console(stderr=True), transient=True) as bar:
        task = bar.add_task("Computing features", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
