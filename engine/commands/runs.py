"""List the runs of a store."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.options import JsonOption, StoreOption
from engine.commands.speech import cell, plain_console, say, say_json

if TYPE_CHECKING:
    from engine.store import Run, RunStatus


def runs(
    store: StoreOption = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Only runs in this state; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="The newest so many.", min=1)] = 30,
    as_json: JsonOption = False,
) -> None:
    """List the newest runs."""
    from engine.store import list_runs, open_store

    opened = open_store(store)
    try:
        found = list_runs(opened, statuses=_statuses(status), limit=limit)
    finally:
        opened.close()
    if as_json:
        say_json({"runs": [asdict(run) for run in found]})
    elif found:
        _print_table(found)
    else:
        say("There are no runs yet. Try: ssl-engine train --data builtin:shapes --epochs 5")


def _statuses(names: list[str] | None) -> "list[RunStatus] | None":
    from engine.errors import StoreError
    from engine.store import RunStatus

    try:
        return [RunStatus(name.lower()) for name in names] if names else None
    except ValueError as error:
        known = ", ".join(status.value for status in RunStatus)
        raise StoreError(f"{error}.", f"A run is one of {known}.") from error


def _print_table(found: "list[Run]") -> None:
    """Print a table as wide as the terminal; plain text in a file."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("run", "status", "method", "name", "step", "done", "device"):
        table.add_column(
            title, justify="right" if title in ("run", "step", "done") else "left", overflow="fold"
        )
    for run in found:
        state = "lost" if run.is_lost else run.status.value
        device = run.claimed_device or run.device
        table.add_row(
            str(run.id),
            state,
            cell(run.method),
            cell(run.name),
            f"{run.step:,}",
            f"{run.share:.0%}",
            cell(device),
        )
    plain_console().print(table)
