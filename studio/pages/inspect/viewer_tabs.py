"""One tab for each viewer that fits the run."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from engine.declared import Catalogue
from engine.store import Run
from studio.pages.inspect.look_panel import LookPanel
from studio.viewers.discovery import discover_viewers


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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.bar)
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
        """What runs need for each viewer, as words for a run that has nothing of it."""
        return ", ".join(f"{panel.viewer.title.lower()} needs {panel.viewer.needs}" for panel in self._panels)

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
        method = catalogue.methods.get(run.method)
        encoder = catalogue.encoders.get(str(run.recipe.get("encoder", {}).get("name")))
        with QSignalBlocker(self.bar):
            for place, panel in enumerate(self._panels):
                fits = method is not None and encoder is not None and panel.viewer.fits(method, encoder)
                self.bar.setTabVisible(place, fits)
                panel.viewer.show_run(run.recipe)
            wanted = self._chosen if self._chosen in self.fitting else next(iter(self.fitting), "")
            if wanted:
                self.bar.setCurrentIndex(self.names.index(wanted))
        self._stack.setCurrentIndex(max(self.bar.currentIndex(), 0))

    def clear(self) -> None:
        """Show nothing."""
        for panel in self._panels:
            panel.clear()

    def _on_current(self, place: int) -> None:
        if place >= 0:
            self._chosen = self.names[place]
            self._stack.setCurrentIndex(place)
            self.opened.emit()
