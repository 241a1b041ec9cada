"""The buttons that open and save recipe files."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from engine.declared import read_recipe
from engine.errors import EngineError
from engine.recipe import Recipe
from studio import wording
from studio.context import StudioContext
from studio.pages.new_run import recipe_files
from studio.widgets.buttons import make_button
from studio.widgets.file_dialog import ask_file, ask_new_file


class RecipeActions(QObject):
    """Opens and saves recipes, and says how that went.

    Args:
        context: For news.
        current: Gives the recipe on the page, None while a field cannot be used, and the name of its run.
        parent: The page.
    """

    opened = Signal(object)

    def __init__(
        self, context: StudioContext, current: Callable[[], tuple[Recipe | None, str]], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._current = current
        self._page = parent

    def make_buttons(self) -> list[QWidget]:
        """Buttons for the head of the page."""
        opens = make_button("Open recipe…", "open_recipe", self._on_open, icon="folder", role="quiet")
        opens.setShortcut(QKeySequence(QKeySequence.StandardKey.Open))
        saves = make_button("Save recipe…", "save_recipe", self._on_save, icon="save", role="quiet")
        saves.setShortcut(QKeySequence(QKeySequence.StandardKey.Save))
        return [opens, saves]

    def open_file(self, path: Path) -> None:
        """Read a recipe file; ``opened`` follows, or a sentence."""
        try:
            recipe = read_recipe(path)
        except EngineError as error:
            self._context.toast(str(error), "bad")
        else:
            self._context.toast(f"Opened {path.name}.", "good")
            self.opened.emit(recipe)

    def save_file(self, path: Path, recipe: Recipe) -> None:
        """Write a recipe file, and say how to start it without the window."""
        try:
            written = recipe_files.write_recipe(path, recipe)
        except EngineError as error:
            self._context.toast(str(error), "bad")
        else:
            command = f"ssl-engine train --recipe {written}"
            self._context.toast(f"Saved {written.name}. '{command}' starts the same run.", "good")

    def _on_open(self) -> None:
        path = ask_file(self._page, "Open recipe", "recipe", recipe_files.FILTER)
        if path:
            self.open_file(Path(path))

    def _on_save(self) -> None:
        recipe, name = self._current()
        if recipe is None:
            sentence = "A recipe is saved when every field can be used. Correct the marked ones first."
            self._context.toast(sentence, "warn")
            return
        suggested = f"{wording.file_stem(name, 'recipe')}{recipe_files.SUFFIX}"
        path = ask_new_file(self._page, "Save recipe", "recipe", suggested, recipe_files.FILTER)
        if path:
            self.save_file(Path(path), recipe)
