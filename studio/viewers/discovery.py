"""Finds the viewers of a run by listing this folder."""

import importlib
import pkgutil

from studio import viewers
from studio.viewers.viewer import Viewer


def discover_viewers() -> list[type[Viewer]]:
    """Find every viewer of a run, each declared in a file ``<name>_viewer.py`` of this folder.

    Returns:
        The viewer classes in the order of their tabs.

    Raises:
        TypeError: If a file declares no viewer, or two.
    """
    found: list[type[Viewer]] = []
    for module_info in pkgutil.iter_modules(viewers.__path__):
        if not module_info.name.endswith("_viewer"):
            continue
        module = importlib.import_module(f"{viewers.__name__}.{module_info.name}")
        declared = [
            member
            for member in vars(module).values()
            if isinstance(member, type)
            and issubclass(member, Viewer)
            and member.__module__ == module.__name__
        ]
        if len(declared) != 1:
            raise TypeError(f"{module.__name__} must declare one viewer, it declares {len(declared)}")
        found.extend(declared)
    return sorted(found, key=lambda viewer: (viewer.order, viewer.name))
