"""The buttons of a run, enabled by its row alone."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from engine.store import Run
from studio import theme
from studio.live.run_actions import Action, possible
from studio.widgets.buttons import make_button

_BUTTONS = (
    (Action.PAUSE, "Pause", "pause", "Waits after the current step and keeps the device."),
    (Action.RESUME, "Resume", "resume", "Goes on from where it stands, or from its last checkpoint."),
    (Action.STOP, "Stop and save", "stop", "Saves a checkpoint and ends the run; it can be resumed later."),
)
_MENU = (
    (Action.RELEASE, "Pause and free the device", "pause"),
    (Action.SAVE, "Save a checkpoint now", "save"),
    (Action.STOP_NOW, "Stop now, without saving", "stop"),
    (Action.REPEAT, "Queue again", "reset"),
    (Action.LOOK, "Look inside", "inspect"),
    (Action.START_FROM, "New run from these weights", "new"),
    (Action.EXPORT, "Export the encoder…", "save"),
    (Action.EMBED, "Save embeddings…", "layers"),
    (Action.UNQUEUE, "Take out of the queue", "close"),
)


class RunControls:
    """Makes the buttons for the page's title row and keeps them true.

    Args:
        on_action: Called with what the person wants.
    """

    def __init__(self, on_action: Callable[[Action], None]) -> None:
        self.buttons: dict[Action, QPushButton] = {}
        self.entries: dict[Action, QAction] = {}
        for action, text, icon, tip in _BUTTONS:
            self.buttons[action] = make_button(
                text, f"run_{action.value}", _calling(on_action, action), icon=icon, tip=tip
            )
        self.more = make_button(
            "More", "run_more", lambda: None, tip="Everything else that can be done with this run"
        )
        self.menu = QMenu(self.more)
        self.menu.setAccessibleName("More actions")
        for action, text, icon in _MENU:
            entry = self.menu.addAction(theme.icon(icon), text)
            entry.setObjectName(f"run_{action.value}")
            entry.triggered.connect(_calling(on_action, action))
            self.entries[action] = entry
        self.more.setMenu(self.menu)

    def widgets(self) -> list[QWidget]:
        """What stands in the title row, in order."""
        return [*self.buttons.values(), self.more]

    def show_run(self, run: Run | None) -> None:
        """Enable what the row allows; Pause and Resume take turns in one place."""
        allowed = possible(run) if run is not None else frozenset()
        for action, button in self.buttons.items():
            button.setEnabled(action in allowed)
        for action, entry in self.entries.items():
            entry.setEnabled(action in allowed)
        resumes = Action.RESUME in allowed
        self.buttons[Action.RESUME].setVisible(resumes)
        self.buttons[Action.PAUSE].setVisible(not resumes)
        self.more.setEnabled(run is not None)


def _calling(on_action: Callable[[Action], None], action: Action) -> Callable[..., None]:
    def call(*_arguments: object) -> None:
        on_action(action)

    return call
