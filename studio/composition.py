"""The composition root: everything the window works with is made here and only here."""

from engine.declared import load_catalogue
from engine.store import Store
from engine.supervisor import Supervisor
from studio.context import StudioContext
from studio.live.exporter import Exporter
from studio.live.importer import Importer
from studio.live.inspector import InspectorClient
from studio.live.scanner import Scanner
from studio.live.store_watch import StoreWatch


def make_context(store: Store) -> StudioContext:
    """Make what every page is given; nothing is started yet.

    Args:
        store: The open store.
    """
    return StudioContext(
        store=store,
        catalogue=load_catalogue(),
        watch=StoreWatch(store),
        supervisor=Supervisor(store.url),
        inspector=InspectorClient(store),
        scanner=Scanner(store),
        importer=Importer(store),
        exporter=Exporter(store),
    )
