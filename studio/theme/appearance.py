"""Which of the two looks is on, and how the application gets it."""

import locale
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from studio.theme.stylesheet import stylesheet
from studio.theme.tokens import BODY_PX, SERIES, TOKENS, Scheme

Choice = Literal["light", "dark", "system"]


class _Appearance(QObject):
    """Remembers what was chosen and tells whoever draws by hand that the colours changed."""

    theme_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice: Choice = "system"
        self.scheme: Scheme = "light"
        self.followed: QApplication | None = None


_appearance = _Appearance()
theme_changed = _appearance.theme_changed
"""Emitted after every change of theme; widgets that paint by hand connect to it."""


def apply_theme(app: QApplication, chosen: str) -> None:
    """Put a theme on the whole application.

    Args:
        app: The application.
        chosen: "light", "dark" or "system"; "system" follows the desktop while the window is open.
    """
    _appearance.choice = chosen if chosen in ("light", "dark") else "system"  # type: ignore[assignment]
    if _appearance.followed is not app:
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(_follow_system)
        _appearance.followed = app
    _put_on(app)


def choice() -> str:
    """What the person chose: "light", "dark" or "system"."""
    return _appearance.choice


def is_dark() -> bool:
    """Whether the dark look is on now."""
    return _appearance.scheme == "dark"


def color(name: str) -> QColor:
    """The colour of a token in the theme that is on.

    Args:
        name: A token of ``studio.theme.tokens``, such as "text" or "accent".
    """
    light, dark = TOKENS[name]
    return QColor(dark if is_dark() else light)


def series_color(index: int) -> QColor:
    """The colour of the n-th curve: Okabe and Ito's set first, then hues a golden angle apart."""
    colors = SERIES[_appearance.scheme]
    if index < len(colors):
        return QColor(colors[index])
    return QColor.fromHsvF((index * 0.618034) % 1.0, 0.55, 0.95 if is_dark() else 0.65)


def run_color(run_id: int) -> QColor:
    """The colour that a run keeps on every page."""
    return series_color(max(run_id - 1, 0))


def _follow_system() -> None:
    app = QApplication.instance()
    if _appearance.choice == "system" and isinstance(app, QApplication):
        _put_on(app)


def _put_on(app: QApplication) -> None:
    """Set palette, font and style sheet for the scheme that the choice means now."""
    chosen = _appearance.choice
    _appearance.scheme = _system_scheme() if chosen == "system" else chosen
    font = QFont(app.font())
    font.setPixelSize(BODY_PX)
    app.setFont(font)
    app.setPalette(_palette())
    app.setStyleSheet(stylesheet(_appearance.scheme))
    locale.setlocale(locale.LC_NUMERIC, "C")
    theme_changed.emit()


def _system_scheme() -> Scheme:
    hints = QGuiApplication.styleHints()
    return "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"


def _palette() -> QPalette:
    """The palette of the scheme that is on, for everything the style sheet does not draw."""
    palette = QPalette()
    role = QPalette.ColorRole
    tokens = {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "hover",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.Text: "text",
        role.PlaceholderText: "disabled",
        role.Button: "raised",
        role.ButtonText: "text",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Accent: "accent",
        role.Link: "accent",
        role.Mid: "line_strong",
        role.Midlight: "line",
        role.Dark: "line_strong",
        role.Light: "raised",
    }
    for color_role, token in tokens.items():
        palette.setColor(color_role, color(token))
    for color_role in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, color_role, color("disabled"))
    return palette
