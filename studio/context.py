"""What every page is given: the store, what watches it, who works for it, and the two ways to speak to the frame."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from engine.store import Store
from studio.preferences import Preferences

if TYPE_CHECKING:
    from engine.declared import Catalogue
    from engine.supervisor import Supervisor
    from studio.live.exporter import Exporter
    from studio.live.importer import Importer
    from studio.live.inspector import InspectorClient
    from studio.live.scanner import Scanner
    from studio.live.store_watch import StoreWatch


class Toast(Protocol):
    """Shows a short piece of news over the window; it never blocks."""

    def __call__(
        self, sentence: str, level: str = "info", action: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Show a sentence.

        Args:
            sentence: What happened, in words.
            level: "info", "good", "warn", "bad", or "busy" for what goes on until the exporter is done.
            action: Label and callable of one button, such as ("Open run", ...).
        """


def _go_nowhere(page: str, arguments: dict[str, object]) -> None:
    """Stand in until the frame is there."""


def _say_nothing(
    sentence: str, level: str = "info", action: tuple[str, Callable[[], None]] | None = None
) -> None:
    """Stand in until the frame is there."""


@dataclass
class StudioContext:
    """The one object that a page receives; built in ``studio.app`` and nowhere else.

    Args:
        store: The open store.
        catalogue: Declared methods, settings and encoders.
        watch: Signals for rows that changed.
        supervisor: The engine thread.
        inspector: Asks the warm inspector process for pictures.
        scanner: Scans a folder in a process of its own.
        importer: Reads files of weights in a process of its own.
        exporter: Writes encoders and embeddings in a process of its own.
        preferences: What the window remembers between launches.
        navigate: ``navigate("run", {"run_id": 3})`` opens a page and calls its ``show_with(run_id=3)``.
        toast: ``toast("Saved.", "good")``; see :class:`Toast`.
        opened_run: Key of the run that was opened last on any page; pages that show one run open on it.
    """

    store: Store
    catalogue: "Catalogue"
    watch: "StoreWatch"
    supervisor: "Supervisor"
    inspector: "InspectorClient"
    scanner: "Scanner"
    importer: "Importer"
    exporter: "Exporter"
    preferences: Preferences = field(default_factory=Preferences)
    navigate: Callable[[str, dict[str, object]], None] = _go_nowhere
    toast: Toast = _say_nothing
    opened_run: int | None = None
