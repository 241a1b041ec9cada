"""A page: what the navigation shows one of."""

from collections.abc import Iterator
from typing import ClassVar

from PySide6.QtWidgets import QWidget

from studio.context import StudioContext


class Page(QWidget):
    """One room of the window. A new page is one file ``studio/pages/<name>_page.py`` and its test.

    The frame reads only these class attributes; it knows no page by name.

    Args:
        context: Store, signals and workers; the only thing a page is given.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    order: ClassVar[int]
    in_navigation: ClassVar[bool] = True

    def __init__(self, context: StudioContext) -> None:
        super().__init__()
        self.context = context
        self.setObjectName(f"page_{self.name}")
        self.setAccessibleName(self.title)

    def show_with(self, **arguments: object) -> None:
        """Show the page, with what ``context.navigate`` was given; called every time the page is opened."""

    def say_times(self) -> None:
        """Say anew how long ago things were; called every few seconds while the page is open, and nothing is read."""

    def prepare(self) -> Iterator[None]:
        """Make, a little at a turn, what the first opening would have to wait for; called once, before it."""
        yield from ()

    def header_actions(self) -> list[QWidget]:
        """Widgets right of the page's title, such as its primary action; asked for once."""
        return []
