"""Colour maps: ramps for numbers without a sign. Pictures look the same in both themes."""

from PySide6.QtGui import QColor

# Matplotlib's "inferno" (Smith and van der Walt, CC0) at 33 even steps; straight lines between stay within 2 of 255.
INFERNO: tuple[str, ...] = (
    "#000004",
    "#040312",
    "#0B0724",
    "#150B37",
    "#210C4A",
    "#2E0A5A",
    "#3C0965",
    "#4A0C6B",
    "#57106D",
    "#63146E",
    "#70196E",
    "#7D1E6D",
    "#89226A",
    "#962766",
    "#A32B61",
    "#AF315C",
    "#BB3755",
    "#C63E4D",
    "#D14644",
    "#DB4F3B",
    "#E35932",
    "#EB6528",
    "#F1711E",
    "#F67F14",
    "#F98D0A",
    "#FB9C06",
    "#FCAB0F",
    "#FBBA1F",
    "#F9CA32",
    "#F5D949",
    "#F2E865",
    "#F3F586",
    "#FCFFA4",
)
_RAMPS = {"inferno": INFERNO}


def ramp(name: str) -> list[QColor]:
    """Colours of a map from least to most, at even steps; what lies between is a straight line.

    Args:
        name: "inferno", for attention.
    """
    return [QColor(step) for step in _RAMPS[name]]
