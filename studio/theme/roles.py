"""Roles: how a widget says what it is to the style sheet, instead of saying how it looks."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

ROLES = (
    # buttons
    *("primary", "danger", "quiet", "fold"),
    # labels
    *(
        "title",
        "section",
        "group",
        "muted",
        "small",
        "number",
        "tile",
        "mono",
        "changed",
        "good",
        "warn",
        "bad",
    ),
    # editors
    "invalid",
    # frames
    *("card", "drop", "drop_active", "note_info", "note_good", "note_warn", "note_bad", "bar", "plain"),
    "",
)


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget its role; a widget that is already shown is drawn anew.

    Args:
        widget: Any widget; buttons, labels and frames have roles.
        role: One of the roles of the style sheet, empty for none.
    """
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        return  # it is dressed when it is first shown; doing it twice makes large forms slow to build
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
