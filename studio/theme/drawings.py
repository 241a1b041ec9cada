"""The drawings of ``resources/icons``, in any colour."""

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=256)
def drawing(stem: str) -> str:
    """Read a drawing, as SVG text whose lines are in ``currentColor``.

    Args:
        stem: File name in ``resources/icons`` without its ending.

    Raises:
        FileNotFoundError: If there is no such drawing.
    """
    return files("resources").joinpath("icons", f"{stem}.svg").read_text(encoding="utf-8")


def colored_drawing(stem: str, color_name: str) -> str:
    """The drawing with its lines in a colour such as "#1B1F27"."""
    return drawing(stem).replace("currentColor", color_name)


def icon_names() -> list[str]:
    """Names of all drawings, sorted."""
    folder = files("resources").joinpath("icons")
    return sorted(
        entry.name.removesuffix(".svg") for entry in folder.iterdir() if entry.name.endswith(".svg")
    )
