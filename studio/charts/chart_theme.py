"""Puts the theme on a plot. pyqtgraph recolours nothing that is already there, so this is called at every change."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor, QFont

from studio import theme

RAW_SHARE = 0.35
ZOOM_ALPHA = 40


def set_up() -> None:
    """Choose pyqtgraph's options for the process; cheap, and the same each time."""
    pg.setConfigOptions(antialias=True, foreground=theme.color("muted"), background=theme.color("surface"))


def apply_theme(plot: Any) -> None:
    """Recolour the background, axes and grid of a plot.

    Args:
        plot: A ``pyqtgraph.PlotWidget``.
    """
    plot.setBackground(theme.color("surface"))
    font = QFont(plot.font())
    font.setPixelSize(theme.SMALL_PX)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(pg.mkPen(theme.color("line_strong"), width=1))
        axis.setTextPen(pg.mkPen(theme.color("muted")))
        axis.setTickPen(pg.mkPen(theme.color("line"), width=1))
        axis.setTickFont(font)
        axis.label.setFont(font)
    # The rectangle that is dragged; pyqtgraph's own is bright yellow in either theme.
    inside = QColor(theme.color("accent"))
    inside.setAlpha(ZOOM_ALPHA)
    plot.getViewBox().rbScaleBox.setPen(pg.mkPen(theme.color("accent"), width=1))
    plot.getViewBox().rbScaleBox.setBrush(pg.mkBrush(inside))


def line_pen(color: QColor) -> Any:
    """Pen of a curve. One pixel wide: wider antialiased pens cost twenty times as much to draw."""
    return pg.mkPen(color, width=1)


def faint_pen(color: QColor) -> Any:
    """Pen of the raw values behind a smoothed curve: mixed with the background, because transparency is slow."""
    back = theme.color("surface")
    mixed = QColor(
        round(back.red() + RAW_SHARE * (color.red() - back.red())),
        round(back.green() + RAW_SHARE * (color.green() - back.green())),
        round(back.blue() + RAW_SHARE * (color.blue() - back.blue())),
    )
    return pg.mkPen(mixed, width=1)
