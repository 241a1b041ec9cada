"""The studio's engine without a window: train, watch, steer and export runs from the command line.

Exit codes: 0 done, 1 the run failed, 2 it was asked for something that cannot be, 130 Ctrl-C (a run is saved first).
"""

import os
from typing import Any

import typer
from typer._click.exceptions import ClickException
from typer.core import TyperGroup

from engine.commands.control import pause, resume, stop
from engine.commands.embed import embed
from engine.commands.end_signals import EndSignals
from engine.commands.exit_codes import BAD_USE, INTERRUPTED, RUN_FAILED
from engine.commands.export import export
from engine.commands.import_weights import import_weights
from engine.commands.methods import catalogue, methods
from engine.commands.runs import runs
from engine.commands.scan import scan
from engine.commands.show import show
from engine.commands.speech import complain, speak_any_encoding
from engine.commands.train import train
from engine.commands.worker import worker
from engine.errors import EngineError
from engine.printable import printable

TRACE = "SSL_ENGINE_TRACE"


class SpokenGroup(TyperGroup):
    """Commands whose errors are sentences: no traceback for what a person can mend."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn an error or Ctrl-C into a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except EngineError as error:
            complain(str(error))
            raise typer.Exit(BAD_USE) from error
        except ClickException as error:
            error.message = printable(error.message)  # it repeats what was typed
            raise
        except KeyboardInterrupt as error:
            raise interrupted() from error
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get(TRACE):
                raise
            if EndSignals.was_asked:  # in the middle of an import, some libraries make something else of it
                raise interrupted() from error
            complain(in_words(error))
            raise typer.Exit(RUN_FAILED) from error


def interrupted() -> typer.Exit:
    """Say that the command was interrupted; returns what ends it."""
    complain("Interrupted; nothing more is done.")
    return typer.Exit(INTERRUPTED)


def in_words(error: Exception) -> str:
    """What went wrong that nobody thought of, as a sentence and a way to learn more."""
    if isinstance(error, MemoryError):
        return "The computer ran out of memory. Close other programs, or take smaller pictures or batches."
    if isinstance(error, OSError) and error.strerror:
        place = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        return f"{error.strerror}{place}. Look at the disk and at the rights of what is there."
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Something went wrong that should not ({said}). With {TRACE}=1 it says where; please report it."


app = typer.Typer(
    cls=SpokenGroup,
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (methods, catalogue, scan, train, runs, show, pause, resume, stop, worker, export, embed):
    app.command()(command)
app.command("import")(import_weights)


def main() -> None:
    """Run the command line of this process."""
    speak_any_encoding()
    with EndSignals():
        app(prog_name="ssl-engine")


if __name__ == "__main__":
    main()
