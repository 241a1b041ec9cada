"""The program ``ssl-studio``: reads its options, checks that a window can open, opens it.

Qt is imported only after the checks, so that a computer without a screen gets a sentence and not a stack of lines.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from studio.display_check import unusable_platform
from studio.start_checks import HEADLESS, missing_display, missing_libraries

BAD_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the studio and return when its window is closed.

    Args:
        arguments: Command line without the program's name; the process's own when left out.

    Returns:
        Exit code: 0 closed, 1 the store could not be opened, 2 bad use or no display.
    """
    options = _parse(arguments)
    problem = missing_display() or missing_libraries() or unusable_platform(HEADLESS) or _load_qt()
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201 - there is no window yet to say it in
        return BAD_USE
    from studio.session import run_session

    return run_session(options.store, options.theme)


def program_version() -> str:
    """Version of the installed package, or a word that says there is none."""
    try:
        return version("ssl-studio")
    except PackageNotFoundError:
        return "not installed"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ssl-studio", description="Pretrain on your own pictures, watch it live, look inside."
    )
    parser.add_argument(
        "--store", metavar="PATH|URL", help="where runs and data sets are kept; a file, or a database address"
    )
    parser.add_argument(
        "--theme", choices=("light", "dark", "system"), help="look of the window; it is remembered"
    )
    parser.add_argument("--version", action="version", version=f"ssl-studio {program_version()}")
    return parser.parse_args(arguments)


def _load_qt() -> str:
    """Import Qt; say in words why that is not possible."""
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        return f"Qt cannot be loaded ({error}). Install the system library it names. {HEADLESS}"
    from studio.start_checks import broken_qt

    return broken_qt()


if __name__ == "__main__":
    sys.exit(main())
