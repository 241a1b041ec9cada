"""Drawings as coloured files, for the style sheet, which can only name a file."""

import tempfile
from functools import lru_cache
from pathlib import Path

from studio.theme.drawings import colored_drawing


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    # Kept in the cache: the folder goes away with the process.
    return tempfile.TemporaryDirectory(prefix="ssl-studio-")


def mark_file(stem: str, color_name: str) -> str:
    """Write a drawing in a colour, once, and say where, in the way a style sheet names files.

    Args:
        stem: File name in ``resources/icons`` without its ending.
        color_name: Such as "#1B1F27".
    """
    file = Path(_folder().name) / f"{stem}-{color_name.lstrip('#')}.svg"
    if not file.exists():
        file.write_text(colored_drawing(stem, color_name), encoding="utf-8")
    return file.as_posix()
