"""The details of a run: facts, versions, recipe; to copy, and to save as a recipe file."""

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.declared import recipe_from_dict
from engine.errors import EngineError, StoreError
from engine.store import Dataset, Run, get_dataset
from studio import theme, wording
from studio.context import StudioContext
from studio.pages.run.facts import recipe_text, run_facts, version_facts, whole_text
from studio.widgets.buttons import make_button
from studio.widgets.fidelity_list import FidelityList
from studio.widgets.file_dialog import ask_new_file
from studio.widgets.labels import PlainLabel, make_label
from studio.widgets.plain_text import shown_lines

RECIPE_HEIGHT = 360


class DetailsPanel(QWidget):
    """Shows one run's row in full.

    Args:
        context: Store and toasts.
        parent: Qt owner.
    """

    def __init__(self, context: StudioContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._run: Run | None = None
        self.setObjectName("details_panel")
        self.setAccessibleName("Details")
        content = QWidget()
        content.setObjectName("scroll_content")
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 8, 8)
        self._column.setSpacing(8)
        self._facts = QFormLayout()
        self._column.addLayout(self._facts)
        self.fidelity = FidelityList()
        self._column.addWidget(self.fidelity)
        self._column.addWidget(make_label("Recipe", "recipe_heading", "section"))
        self.recipe = QPlainTextEdit()
        self.recipe.setObjectName("recipe_text")
        self.recipe.setAccessibleName("Recipe")
        self.recipe.setReadOnly(True)
        self.recipe.setTabChangesFocus(True)
        self.recipe.setMinimumHeight(RECIPE_HEIGHT)
        theme.set_role(self.recipe, "mono")
        self._column.addWidget(self.recipe)
        self._column.addWidget(make_label("Versions", "versions_heading", "section"))
        self._versions = QFormLayout()
        self._column.addLayout(self._versions)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("details_scroll")
        area.setAccessibleName("Details")
        area.setWidgetResizable(True)
        area.setWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 8, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(self._build_buttons())
        whole.addWidget(area, 1)

    def show_run(self, run: Run) -> None:
        """Show a run; what did not change is left alone, so that a selection stays."""
        if self._run == run:
            return
        is_same_recipe = self._run is not None and self._run.id == run.id
        self._run = run
        _fill(self._facts, run_facts(run, self._dataset(run)))
        _fill(self._versions, version_facts(run))
        if not is_same_recipe:
            try:
                self.recipe.setPlainText(recipe_text(run))
                self.fidelity.show_recipe(recipe_from_dict(run.recipe))
            except EngineError as error:
                self.recipe.setPlainText(shown_lines(str(error)))
                self.fidelity.show_recipe(None)

    def copy(self) -> None:
        """Put everything on the clipboard as text."""
        if self._run is not None:
            text = whole_text(self._run, self._dataset(self._run))
            # What is pasted into a terminal is obeyed there.
            QGuiApplication.clipboard().setText(shown_lines(text))
            self._context.toast("The details are on the clipboard.", "good")

    def ask_where_to_save(self) -> None:
        """Let the person choose a file and write the recipe there."""
        if self._run is None:
            return
        name = wording.file_stem(self._run.name)
        chosen = ask_new_file(self, "Save the recipe", "recipe", f"{name}.toml", "Recipes (*.toml)")
        if chosen:
            self.save_recipe(Path(chosen))

    def save_recipe(self, path: Path) -> None:
        """Write the recipe as a file that ``ssl-engine train --recipe`` takes.

        Args:
            path: Where to; an existing file is replaced.
        """
        if self._run is None:
            return
        try:
            path.write_text(recipe_text(self._run), encoding="utf-8")
        except OSError as error:
            self._context.toast(
                f"The recipe cannot be written to {path}: {error.strerror or error}. Choose another place.",
                "bad",
                ("Save elsewhere…", self.ask_where_to_save),
            )
        except EngineError as error:
            self._context.toast(str(error), "bad")
        else:
            self._context.toast(f"Saved. Train with it: ssl-engine train --recipe {path}", "good")

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(make_button("Copy all", "details_copy", self.copy, icon="copy"))
        row.addWidget(make_button("Save recipe file…", "save_recipe", self.ask_where_to_save, icon="save"))
        row.addStretch(1)
        return row

    def _dataset(self, run: Run) -> Dataset | None:
        if run.dataset_id is None:
            return None
        try:
            return get_dataset(self._context.store, run.dataset_id)
        except StoreError:
            return None


def _fill(form: QFormLayout, facts: list[tuple[str, str]]) -> None:
    """Show facts; rows are kept where the names did not change."""
    names = [name for name, _ in facts]
    if [_label_of(form, row) for row in range(form.rowCount())] != names:
        while form.rowCount():
            form.removeRow(0)
        for name, value in facts:
            form.addRow(
                make_label(name, f"fact_name_{name}", "muted"), make_label(value, f"fact_{name}", wraps=True)
            )
        return
    for row, (_, value) in enumerate(facts):
        field = _widget_at(form, row, QFormLayout.ItemRole.FieldRole)
        if isinstance(field, PlainLabel) and field.text() != shown_lines(value):
            field.setText(value)


def _label_of(form: QFormLayout, row: int) -> str:
    widget = _widget_at(form, row, QFormLayout.ItemRole.LabelRole)
    return widget.text() if isinstance(widget, PlainLabel) else ""


def _widget_at(form: QFormLayout, row: int, role: QFormLayout.ItemRole) -> QWidget | None:
    item = form.itemAt(row, role)
    return None if item is None else item.widget()
