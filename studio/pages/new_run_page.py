"""New run: pictures and method, settings, and what will happen, side by side."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from engine.declared import Problem, changes_of, recipe_from_dict
from engine.devices import list_devices, this_computer
from engine.errors import EngineError, SettingsError
from engine.recipe import Recipe
from engine.store import Run, RunStatus, create_run, get_run, list_runs
from studio import wording
from studio.context import StudioContext
from studio.pages.new_run import recipe_files
from studio.pages.new_run.columns import Columns, scrolled
from studio.pages.new_run.draft import Checked, Draft, check, suggested_name, with_problem
from studio.pages.new_run.outcome_panel import OutcomePanel
from studio.pages.new_run.recipe_actions import RecipeActions
from studio.pages.new_run.settings_panel import SettingsPanel
from studio.pages.new_run.source_panel import SourcePanel
from studio.pages.new_run.weights_line import WEIGHTS, StartingWeights
from studio.pages.page import Page

WAITING_OR_RUNNING = (RunStatus.QUEUED, RunStatus.STARTING, RunStatus.RUNNING)


class NewRunPage(Page):
    """Configures a run and starts it.

    Args:
        context: Store, signals and workers.
    """

    name: ClassVar[str] = "new_run"
    title: ClassVar[str] = "New run"
    icon: ClassVar[str] = "new"
    order: ClassVar[int] = 30

    def __init__(self, context: StudioContext) -> None:
        super().__init__(context)
        self.setAcceptDrops(True)
        devices = {device.name: device.title for device in list_devices()}
        self._devices = list(devices)
        self._computer = this_computer(context.store.folder)
        self._checked = Checked(None, [], None)
        self._suggested = ""
        self._refusal: Problem | None = None
        self._refused_recipe: Recipe | None = None
        self.source = SourcePanel(context)
        self.settings = SettingsPanel(context.catalogue, devices)
        self.outcome = OutcomePanel(context)
        self.recipes = RecipeActions(context, self._current_recipe, self)
        self._lay_out()
        self._connect()
        self.source.methods.choose(str(Recipe.model_fields["method"].default))

    @override
    def prepare(self) -> Iterator[None]:
        """Build the form, which is made of many small parts."""
        yield from self.settings.form.prepare()

    @override
    def show_with(self, **arguments: object) -> None:
        """Open with a choice made.

        Args:
            arguments: ``location`` (str), ``preset`` (str), ``recipe`` (Recipe or its tree), ``run_id`` (int, to
                do the same again), ``changes`` (dotted setting name -> value, over all that), ``field`` (dotted
                setting name to show).
        """
        if "run_id" in arguments:
            self._duplicate(int(str(arguments["run_id"])))
        if "recipe" in arguments:
            self._open_tree(arguments["recipe"])
        if "preset" in arguments:
            self.settings.set_method(self.settings.method, str(arguments["preset"]))
        if "location" in arguments:
            self.source.choose(str(arguments["location"]))
        changes = arguments.get("changes")
        if isinstance(changes, dict) and WEIGHTS in changes:
            self._start_from(changes)
        elif isinstance(changes, dict):
            self.settings.set_values(changes)
        self._refresh()
        if "field" in arguments:
            self._on_show(str(arguments["field"]))

    @override
    def say_times(self) -> None:
        self.source.card.say_times()

    @override
    def header_actions(self) -> list[QWidget]:
        """Recipe files."""
        return self.recipes.make_buttons()

    @property
    def draft(self) -> Draft:
        """What is chosen now, read from the editors."""
        form = self.settings.form
        changes = form.changes()
        if self.source.location:
            changes["data.location"] = self.source.location
        source = self.source
        return Draft(
            self.settings.method,
            self.settings.preset,
            changes,
            form.errors(),
            source.dataset,
            is_scanning=source.card.state == "scanning",
        )

    def open_recipe(self, recipe: Recipe) -> None:
        """Show a recipe: its method, preset, values and pictures.

        Raises:
            SettingsError: If it is of something that cannot be trained.
        """
        if recipe.method not in self.context.catalogue.methods:
            title = self.context.catalogue.method(recipe.method).title
            raise SettingsError(
                f"{title} are not trained as they are.", "Start a run from them.", field="method"
            )
        self.source.forget()
        self.settings.start_from(None)
        self.source.methods.choose(recipe.method)
        self.settings.set_method(recipe.method, recipe.preset)
        self.settings.keep_values(changes_of(recipe))
        self.source.choose(recipe.data.location)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders, lists and recipe files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.source.card.show_drop(True)

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show that nothing is dragged any more."""
        self.source.card.show_drop(False)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Open a recipe file; take anything else as pictures."""
        path = Path(next(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()))
        event.acceptProposedAction()
        self.source.card.show_drop(False)
        if path.suffix == recipe_files.SUFFIX:
            self.recipes.open_file(path)
        else:
            self.source.choose(str(path))

    def _connect(self) -> None:
        self.recipes.opened.connect(self._open_tree)
        self.source.dataset_changed.connect(self._refresh)
        self.source.method_chosen.connect(self._on_method)
        self.settings.settled.connect(self._on_settled)
        self.settings.changes_lost.connect(self._on_changes_lost)
        self.outcome.start_pressed.connect(self._on_start)
        self.outcome.queue_pressed.connect(self._on_queue)
        self.outcome.preview.refused.connect(self._on_refused)
        self.outcome.preview.grid.failed.connect(lambda sentence: self.context.toast(sentence, "bad"))
        self.outcome.problems.fix_pressed.connect(self._on_fix)
        self.outcome.problems.show_pressed.connect(self._on_show)
        self.context.watch.runs_changed.connect(self._show_ahead)

    def _on_method(self, name: str) -> None:
        self.settings.set_method(name, self.settings.preset)
        self._refresh()

    def _on_changes_lost(self, preset: str, changes: dict[str, Any]) -> None:
        """Offer the way back after another preset took the person's changes."""

        def undo() -> None:
            self.settings.set_method(self.settings.method, preset)
            self.settings.set_values(changes)

        taken = wording.counted(len(changes), "change")
        self.context.toast(f"Another preset took back {taken}.", "info", ("Undo", undo))

    def _on_settled(self) -> None:
        values = self.settings.form.values()
        if "data.kind" in values and "data.channels" in values:
            self.source.read_as(values["data.kind"], values["data.channels"])
        self._refresh()

    def _on_refused(self, problem: Problem | None) -> None:
        """Count what the method itself refuses among the problems of this very recipe."""
        if problem != self._refusal:
            self._refusal, self._refused_recipe = problem, self._checked.recipe
            self._refresh()

    def _refresh(self) -> None:
        """Check the draft anew and show what it would do."""
        draft = self.draft
        self._checked = check(draft, self._devices, self._computer)
        if self._refusal is not None and self._refused_recipe == self._checked.recipe:
            self._checked = with_problem(self._checked, self._refusal)
        if self._checked.scaled is not None:
            facts = self._checked.facts
            self.settings.scale(self._checked.scaled, facts.num_train if facts else None)
        self.settings.set_problems(self._checked.problems)
        self.outcome.show_checked(self._checked, draft.dataset.num_pictures if draft.dataset else 0)
        self._suggest_name(draft)
        self._show_ahead()

    def _suggest_name(self, draft: Draft) -> None:
        """Name the run after method and pictures until the person names it."""
        name = self.outcome.name
        suggested = suggested_name(draft, self.context.catalogue)
        if name.text().strip() in ("", self._suggested):
            name.setText(suggested)
        self._suggested = suggested

    def _show_ahead(self) -> None:
        ahead = len(list_runs(self.context.store, statuses=WAITING_OR_RUNNING))
        sentence = (
            f"{wording.counted(ahead, 'run')} ahead; this one starts when a device is free." if ahead else ""
        )
        self.outcome.foot.show_ahead(sentence)

    def _on_start(self) -> None:
        run = self._create()
        if run is not None:
            self.context.navigate("run", {"run_id": run.id})

    def _on_queue(self) -> None:
        run = self._create()
        if run is not None:
            run_id = run.id
            self._show_ahead()
            self.context.toast(
                f"'{wording.shortened(run.name)}' was added to the queue.",
                "good",
                ("Show run", lambda: self.context.navigate("run", {"run_id": run_id})),
            )

    def _create(self) -> Run | None:
        """Check once more what stands in the editors, and put the run into the queue."""
        self._computer = this_computer(self.context.store.folder)  # the disk may have filled meanwhile
        self._refresh()
        recipe, dataset = self._checked.recipe, self.source.dataset
        if not self._checked.can_start or recipe is None or dataset is None:
            first = self._checked.problems[0]
            self.context.toast(f"{first.message} {first.fix}", "bad")
            self._on_show(first.field)
            return None
        try:
            return create_run(
                self.context.store,
                name=self.outcome.name.text().strip() or self._suggested,
                method=recipe.method,
                recipe=recipe.model_dump(mode="json"),
                seed=recipe.training.seed,
                device=recipe.training.device,
                dataset_id=dataset.id,
                fingerprint=dataset.fingerprint,
            )
        except EngineError as error:
            self.context.toast(str(error), "bad")
            return None

    def _on_fix(self, problem: Problem) -> None:
        self.settings.set_values({problem.field: problem.suggestion})

    def _on_show(self, field: str) -> None:
        if field == "data.location":
            self.columns.reveal(0)
            self.source.picker.setFocus()
        else:
            self.columns.reveal(1)
            self.settings.form.show_field(field)

    def _start_from(self, changes: dict[str, Any]) -> None:
        """Start from a run's weights: its method and pictures where it was trained, a fresh preset for the rest."""
        weights = str(changes[WEIGHTS])
        try:
            run = get_run(self.context.store, int(weights.removeprefix("run:")))
        except (EngineError, ValueError):
            self.settings.set_values(changes)
            return
        self.settings.start_from(None)
        if run.method in self.context.catalogue.methods:
            self.source.methods.choose(run.method)
        self.settings.set_method(self.settings.method)
        self.settings.start_from(StartingWeights(run.name, changes))
        location = (run.recipe.get("data") or {}).get("location")
        if run.method in self.context.catalogue.methods and location:
            self.source.choose(str(location))

    def _duplicate(self, run_id: int) -> None:
        try:
            run = get_run(self.context.store, run_id)
            self.open_recipe(recipe_from_dict(run.recipe))
        except EngineError as error:
            self.context.toast(str(error), "bad")
        else:
            self.outcome.name.setText(run.name)

    def _open_tree(self, tree: Any) -> None:
        try:
            self.open_recipe(tree if isinstance(tree, Recipe) else recipe_from_dict(tree))
        except EngineError as error:
            self.context.toast(str(error), "bad")

    def _current_recipe(self) -> tuple[Recipe | None, str]:
        self._refresh()
        return self._checked.recipe, self.outcome.name.text().strip()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 8, 24, 16)
        panels: dict[str, QWidget] = {
            "Pictures and method": scrolled(self.source),
            "Settings": scrolled(self.settings),
            "What will happen": self.outcome,
        }
        self.columns = Columns(panels)
        self.columns.narrowed.connect(self._place_foot)
        layout.addWidget(self.columns)

    def _place_foot(self, is_narrow: bool) -> None:
        """Keep the name and the buttons in sight, whichever column is."""
        foot = self.outcome.foot
        foot.stretch_out(is_narrow)
        if is_narrow:
            self.columns.add_foot(foot)
        else:
            self.outcome.take_foot()
