"""Takes widgets off the screen for good."""

from collections.abc import Iterable

from PySide6.QtWidgets import QWidget


def retire(widgets: Iterable[QWidget]) -> None:
    """Hide widgets, take them out of their window and delete them.

    Hiding moves the focus, a moved focus scrolls, and what listens to that may call whoever is removing: forget the
    widgets (drop them from every list and dictionary) *before* this is called, and rely on nothing read before it.

    Args:
        widgets: Any widgets; the list is copied first.
    """
    for widget in list(widgets):
        widget.hide()
        widget.setParent(None)
        widget.deleteLater()
