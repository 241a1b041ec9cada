"""What the method will see of one picture, drawn anew as the settings change."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.declared import Problem
from engine.recipe import Recipe
from studio import theme
from studio.live.inspector import InspectorClient, Reply
from studio.viewers.images import to_image
from studio.viewers.picture_grid import PictureGrid
from studio.widgets.buttons import make_button
from studio.widgets.labels import make_label

LANE = "new_run.preview"
GRID_HEIGHT = 200


class PreviewPanel(QWidget):
    """Asks the inspector for views and masks; the newest settings win.

    The method itself looks at its settings there, so a refusal that names a setting is a problem of the run:
    ``refused`` gives it, or None when the method agrees. ``curves_known`` gives what the method schedules over the
    run, empty where that is not known.

    Args:
        inspector: The warm process that draws them.
        parent: Qt owner.
    """

    refused = Signal(object)
    curves_known = Signal(object)  # a dict, which Qt would sort by its keys

    def __init__(self, inspector: InspectorClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preview_panel")
        self.setAccessibleName("Preview")
        self._inspector = inspector
        self._recipe: Recipe | None = None
        self._num_pictures = 0
        self._num_train: int | None = None
        self._picture = 0
        self._seed = 0
        self.grid = PictureGrid(parent=self)
        self.grid.setFixedHeight(GRID_HEIGHT)
        self.message = make_label("", "preview_message", "muted", wraps=True)
        self._bar = QProgressBar(self)
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Preview is being drawn")
        self.another = make_button("Another picture", "preview_another", self._on_another)
        self.redraw = make_button("Draw again", "preview_redraw", self._on_redraw)
        self._lay_out()
        self.show_nothing("Choose pictures to see what the method makes of them.")

    def show_recipe(self, recipe: Recipe, num_pictures: int, num_train: int | None = None) -> None:
        """Draw the preview of a recipe.

        Args:
            recipe: What to show; it names the pictures.
            num_pictures: How many there are.
            num_train: How many of them it trains on, which decides the method's schedules; None leaves them out.
        """
        if (
            recipe == self._recipe
            and (num_pictures, num_train) == (self._num_pictures, self._num_train)
            and not self.message.isVisibleTo(self)
        ):
            return
        if self._recipe is None or recipe.data != self._recipe.data:
            self._picture = 0
        self._recipe, self._num_pictures, self._num_train = recipe, num_pictures, num_train
        self._ask()

    def show_nothing(self, sentence: str) -> None:
        """Say why there is no preview."""
        self._inspector.cancel(LANE)
        self._recipe = None
        self.curves_known.emit({})
        self.grid.clear()
        self._say(sentence, "muted")
        self._bar.hide()
        self._allow(False)

    def _ask(self) -> None:
        if self._recipe is None:
            return
        self._bar.show()
        if not self._inspector.is_ready and not self.grid.panels:
            self._say("Starting the inspector: it loads torch once, then previews are quick.", "muted")
        self._inspector.request(
            LANE,
            "preview",
            self._on_reply,
            recipe=self._recipe.model_dump(mode="json"),
            picture=self._picture,
            seed=self._seed,
            num_train=self._num_train,
        )

    def _on_reply(self, reply: Reply) -> None:
        self._bar.hide()
        self._allow(True)
        self.refused.emit(_problem_of(reply))
        self.curves_known.emit(reply.info.get("curves", {}) if reply.ok else {})
        if not reply.ok:
            self.grid.clear()
            self._say(f"{reply.error} {reply.fix}".strip(), "bad")
            return
        self._say("", "muted")
        images = {name: to_image(array) for name, array in reply.arrays.items()}
        self.grid.show_images(images, reply.info.get("titles", {}), reply.info.get("order") or list(images))

    def _say(self, sentence: str, role: str) -> None:
        theme.set_role(self.message, role)
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))
        self.grid.setVisible(not sentence or bool(self.grid.panels))

    def _allow(self, allowed: bool) -> None:
        self.another.setEnabled(allowed and self._num_pictures > 1)
        self.redraw.setEnabled(allowed)

    def _on_another(self) -> None:
        self._picture = (self._picture + max(self._num_pictures // 7, 1)) % max(self._num_pictures, 1)
        self._ask()

    def _on_redraw(self) -> None:
        self._seed += 1
        self._ask()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.another)
        row.addWidget(self.redraw)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.grid)
        layout.addWidget(self.message)
        layout.addWidget(self._bar)
        layout.addLayout(row)


def _problem_of(reply: Reply) -> Problem | None:
    return Problem(reply.field, reply.error, reply.fix) if not reply.ok and reply.field else None
