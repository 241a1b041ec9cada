"""One tab for each viewer that fits the run."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from engine.declared import Catalogue
from engine.errors import SettingsError
from engine.store import Run
from studio.pages.inspect.look_panel import LookPanel
from studio.viewers.discovery import discover_viewers
from studio.viewers.viewer import Viewer
from studio.widgets.labels import make_label
from studio.widgets.plain_text import set_tip


class ViewerTabs(QWidget):
    """The viewers of a run; those that do not fit it have no tab, the chosen one stays chosen where it fits.

    Args:
        on_ask: Called when the open viewer needs another look.
        parent: Qt owner.
    """

    opened = Signal()
    rearranged = Signal()
    failed = Signal(str)

    def __init__(self, on_ask: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspect_viewers")
        self._chosen = ""
        self.bar = QTabBar(self)
        self.bar.setObjectName("inspect_tabs")
        self.bar.setAccessibleName("Ways to look inside")
        self.bar.setExpanding(False)
        self._stack = QStackedWidget(self)
        self._panels = [LookPanel(viewer(), on_ask) for viewer in discover_viewers()]
        for panel in self._panels:
            panel.viewer.changed.connect(on_ask)
            panel.failed.connect(self.failed)
            panel.viewer.grid.rearranged.connect(self.rearranged)
            self.bar.addTab(panel.viewer.title)
            self._stack.addWidget(panel)
        self.bar.currentChanged.connect(self._on_current)
        # It takes what room there is beside the tabs and never asks for more.
        self.missing = make_label("", "inspect_missing", "muted")
        self.missing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.bar)
        head.addWidget(self.missing, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)

    @property
    def names(self) -> list[str]:
        """Names of all viewers, left to right."""
        return [panel.viewer.name for panel in self._panels]

    @property
    def fitting(self) -> list[str]:
        """Names of the viewers that fit the run."""
        return [name for place, name in enumerate(self.names) if self.bar.isTabVisible(place)]

    @property
    def has_fitting(self) -> bool:
        """Whether any viewer fits the run."""
        return bool(self.fitting)

    @property
    def needs(self) -> str:
        """What runs need for each viewer that does not fit, in words; empty when all of them do."""
        missing = [panel.viewer for panel in self._panels if panel.viewer.name not in self.fitting]
        return ", ".join(f"{viewer.title.lower()} needs {viewer.needs}" for viewer in missing)

    @property
    def current(self) -> LookPanel:
        """The viewer that is open."""
        return self._panels[max(self.bar.currentIndex(), 0)]

    def choose(self, name: str) -> None:
        """Open a viewer by its name; nothing happens where it does not fit the run."""
        if name in self.fitting:
            self._chosen = name
            self.bar.setCurrentIndex(self.names.index(name))

    def show_run(self, run: Run, catalogue: Catalogue) -> None:
        """Offer what fits a run, and start each viewer from what it was trained with; emits nothing."""
        fitting = _fitting(run, catalogue, [panel.viewer for panel in self._panels])
        with QSignalBlocker(self.bar):
            for place, panel in enumerate(self._panels):
                self.bar.setTabVisible(place, panel.viewer.name in fitting)
                panel.viewer.show_run(run.recipe)
            wanted = self._chosen if self._chosen in self.fitting else next(iter(self.fitting), "")
            if wanted:
                self.bar.setCurrentIndex(self.names.index(wanted))
        self._stack.setCurrentIndex(max(self.bar.currentIndex(), 0))
        sentence = f"{self.needs[:1].upper()}{self.needs[1:]}." if self.needs else ""
        self.missing.setText(sentence)
        set_tip(self.missing, sentence)

    def clear(self) -> None:
        """Show nothing."""
        for panel in self._panels:
            panel.clear()

    def _on_current(self, place: int) -> None:
        if place >= 0:
            self._chosen = self.names[place]
            self._stack.setCurrentIndex(place)
            self.opened.emit()


def _fitting(run: Run, catalogue: Catalogue, viewers: Iterable[Viewer]) -> set[str]:
    """Names of the viewers that a run can be looked into with; none of a run that only a newer version knows.

    Imported weights and encoders that are named by their sizes are in no list, and the catalogue knows them as well.
    """
    try:
        method = catalogue.method(run.method)
        encoder = catalogue.encoder(str(run.recipe.get("encoder", {}).get("name")))
    except SettingsError:
        return set()
    return {viewer.name for viewer in viewers if viewer.fits(method, encoder)}
