"""What the window remembers between launches: theme, sizes, last choices. Nothing a run depends on."""

from PySide6.QtCore import QByteArray, QSettings


class Preferences:
    """A small typed front of one QSettings file in the user's configuration folder."""

    def __init__(self) -> None:
        self._settings = QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, "ssl-studio", "studio"
        )

    def text(self, key: str, default: str = "") -> str:
        """Read a text; a value of another type counts as absent."""
        value = self._settings.value(key, default)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: float) -> float:
        """Read a number; what cannot be read as one counts as absent."""
        try:
            return float(self.text(key, str(default)))
        except ValueError:
            return default

    def flag(self, key: str, default: bool = False) -> bool:
        """Read a yes or no."""
        return self.text(key, "true" if default else "false") == "true"

    def blob(self, key: str) -> QByteArray:
        """Read bytes such as a window's geometry; empty where there are none."""
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def remember(self, key: str, value: str | float | bool | QByteArray) -> None:
        """Write one value; it is on disk when the window closes."""
        if isinstance(value, bool):
            value = "true" if value else "false"
        self._settings.setValue(key, value if isinstance(value, str | QByteArray) else repr(value))

    def sync(self) -> None:
        """Write everything to disk now."""
        self._settings.sync()
