"""Options that several commands share."""

from typing import Annotated

import typer

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
