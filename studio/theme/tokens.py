"""Every colour of the studio, in one table for both themes. Nothing else names a colour."""

from typing import Literal

Scheme = Literal["light", "dark"]

# A token is a pair: what it is in the light theme, what it is in the dark one.
TOKENS: dict[str, tuple[str, str]] = {
    "window": ("#F6F7F9", "#16181D"),
    "surface": ("#FFFFFF", "#1D2026"),
    "raised": ("#FFFFFF", "#252932"),
    "line": ("#E3E6EB", "#2E333D"),
    "line_strong": ("#C9CED6", "#3F4654"),
    "text": ("#1B1F27", "#E8EBF0"),
    "muted": ("#5B6472", "#9BA5B4"),
    "disabled": ("#9AA3B0", "#626B7A"),
    "accent": ("#2F6FED", "#6EA1FF"),
    "accent_hover": ("#2459C4", "#8AB3FF"),
    "on_accent": ("#FFFFFF", "#0E1420"),
    "good": ("#1E8E5A", "#54C08A"),
    "warn": ("#B26A00", "#E2A03F"),
    "bad": ("#C93A3A", "#F07070"),
    # Quiet fills that lie under text: a row the pointer is on, a chosen row, a tinted note.
    "hover": ("#EDEFF3", "#2A2F39"),
    "selected": ("#E4EDFD", "#26324A"),
    "good_fill": ("#E6F4ED", "#1B2F27"),
    "warn_fill": ("#FBF1E1", "#332A1B"),
    "bad_fill": ("#FBEAEA", "#36222A"),
    # Signed error, a blue-white-red ramp: too dark, right, too bright. Pictures look the same in both themes.
    "error_below": ("#2B62C9", "#2B62C9"),
    "error_zero": ("#FFFFFF", "#FFFFFF"),
    "error_above": ("#C93A3A", "#C93A3A"),
    # Outline of the patches that hold most attention: the one hue that inferno has not.
    "outline": ("#2BE0F0", "#2BE0F0"),
}

# Okabe and Ito's colour-blind-safe set, "Color Universal Design" (2008), without black and white; its yellow is
# darkened on white so that a line of it can be seen; the dark theme keeps the hues and lightens them.
SERIES: dict[Scheme, tuple[str, ...]] = {
    "light": ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#A89A00", "#6B6B6B"),
    "dark": ("#5AB0E8", "#FF8A4C", "#3CC9A0", "#E4A0C6", "#F5BC45", "#8CCDF4", "#F0E442", "#B8B8B8"),
}

SPACE = 4
"""Spaces are multiples of this many pixels: 8 between related things, 16 between groups, 24 at page edges."""

RADIUS = 6
ROW_HEIGHT = 28
ICON_SIZE = 16
BODY_PX, SMALL_PX, SECTION_PX, TITLE_PX = 13, 12, 15, 20
