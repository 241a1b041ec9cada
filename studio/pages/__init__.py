"""The pages of the studio, found by listing this folder: a new page is a file ``<name>_page.py``."""

import importlib
import pkgutil

from studio.pages.page import Page

__all__ = ["Page", "discover_pages"]


def discover_pages() -> list[type[Page]]:
    """Find every page of this folder.

    Returns:
        The page classes in the order of the navigation.

    Raises:
        TypeError: If a page file declares no page, or two.
    """
    found: list[type[Page]] = []
    for module_info in pkgutil.iter_modules(__path__):
        if not module_info.name.endswith("_page"):
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        pages = [
            member
            for member in vars(module).values()
            if isinstance(member, type) and issubclass(member, Page) and member.__module__ == module.__name__
        ]
        if len(pages) != 1:
            raise TypeError(f"{module.__name__} must declare one page, it declares {len(pages)}")
        found.extend(pages)
    return sorted(found, key=lambda page: (page.order, page.name))
