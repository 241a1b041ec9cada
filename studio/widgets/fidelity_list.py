"""What a recipe does otherwise than the paper, folded into one line."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from engine.declared import fidelity
from engine.recipe import Recipe
from studio import theme, wording
from studio.widgets.labels import NARROWEST, make_label
from studio.widgets.plain_text import set_tip
from studio.widgets.removal import retire


class FidelityList(QWidget):
    """A line that counts the differences and unfolds to name each; hidden while there is no recipe.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fidelity")
        self._recipe: Recipe | None = None
        self._sentences: list[str] = []
        self._labels: list[QLabel] = []
        self.toggle = QToolButton(self)
        self.toggle.setObjectName("fidelity_toggle")
        self.toggle.setCheckable(True)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_tip(self.toggle, "What the results of this run are not comparable in")
        self.toggle.toggled.connect(self._on_toggled)
        theme.set_role(self.toggle, "fold")
        self.toggle.setMinimumWidth(NARROWEST)  # its words push nothing else out of a column
        self._body = QWidget(self)
        self._rows = QVBoxLayout(self._body)
        self._rows.setContentsMargins(16, 0, 0, 0)
        self._rows.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.toggle)
        layout.addWidget(self._body)
        self._on_toggled(False)
        self.hide()

    @property
    def sentences(self) -> list[str]:
        """The differences as they are listed."""
        return list(self._sentences)

    def show_recipe(self, recipe: Recipe | None) -> None:
        """List another recipe's differences."""
        self.setVisible(recipe is not None)
        if recipe is None or recipe == self._recipe:
            return
        self._recipe = recipe
        removed, self._labels = self._labels, []
        deviations = fidelity(recipe)
        self._sentences = [deviation.sentence for deviation in deviations]
        counted = wording.counted(len(deviations), "difference") if deviations else "No difference"
        self.toggle.setText(f"{counted} from the paper")
        self.toggle.setEnabled(bool(deviations))
        for number, deviation in enumerate(deviations):
            label = make_label(deviation.sentence, f"deviation.{number}", "small", wraps=True)
            set_tip(label, "\n".join(part for part in (deviation.source, deviation.consequence) if part))
            self._labels.append(label)
            self._rows.addWidget(label)
        retire(removed)

    def _on_toggled(self, is_open: bool) -> None:
        self.toggle.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._body.setVisible(is_open)
