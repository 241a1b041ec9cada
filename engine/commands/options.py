"""Options that several commands share."""

from typing import Annotated, Any

import typer

from engine.local_path import local_path

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="PATH|URL", help="Where runs live; the studio's own store when left out."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="End with one JSON object on the last line.")]
RunArgument = Annotated[
    int, typer.Argument(metavar="RUN", help="Number of the run, as 'ssl-engine runs' shows it.")
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Replace files that are there already and that no run of this store wrote."),
]


def path_option(*names: str, metavar: str, help_text: str) -> Any:
    """An option for a path; ``~`` is the home folder in every one of them, whatever the shell leaves."""
    return typer.Option(*names, metavar=metavar, help=help_text, parser=local_path)


def path_argument(*, metavar: str, help_text: str) -> Any:
    """An argument for a path, read as ``path_option`` reads it."""
    return typer.Argument(metavar=metavar, help=help_text, parser=local_path)
