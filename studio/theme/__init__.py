"""How the studio looks: colours, palettes, one small style sheet, icons. Light, dark, or as the system has it."""

from studio.theme.appearance import (
    apply_theme,
    choice,
    color,
    is_dark,
    run_color,
    series_color,
    theme_changed,
)
from studio.theme.colormaps import ramp
from studio.theme.drawings import icon_names
from studio.theme.icons import forget_drawings, icon, pixmap
from studio.theme.roles import set_role
from studio.theme.tokens import BODY_PX, ICON_SIZE, RADIUS, ROW_HEIGHT, SECTION_PX, SMALL_PX, SPACE, TITLE_PX

__all__ = [
    "BODY_PX",
    "ICON_SIZE",
    "RADIUS",
    "ROW_HEIGHT",
    "SECTION_PX",
    "SMALL_PX",
    "SPACE",
    "TITLE_PX",
    "apply_theme",
    "choice",
    "color",
    "forget_drawings",
    "icon",
    "icon_names",
    "is_dark",
    "pixmap",
    "ramp",
    "run_color",
    "series_color",
    "set_role",
    "theme_changed",
]
