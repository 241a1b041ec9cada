"""The frame: navigation, the page's title row, the page, the status bar, and news over it all."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from studio import theme
from studio.closing import close_engine
from studio.context import StudioContext
from studio.pages import Page, discover_pages
from studio.widgets.labels import make_label
from studio.widgets.navigation import Navigation
from studio.widgets.status_bar import StatusBar
from studio.widgets.toasts import Toasts

PREPARE_MILLISECONDS = 30
TIMES_MILLISECONDS = 5000
USUAL_SIZE, LEAST_SIZE, FRAME = (1280, 840), (640, 400), (4, 32)
LISTS = (".csv", ".tsv", ".txt")
_THEMES = (("light", "Light", "sun"), ("dark", "Dark", "moon"), ("system", "As the system", "system"))


class MainWindow(QMainWindow):
    """The window of the studio. It knows no page by name but the first one it shows.

    Args:
        context: What every page is given; the window fills in ``navigate`` and ``toast``.
    """

    def __init__(self, context: StudioContext) -> None:
        super().__init__()
        self._context = context
        self._is_quiet = False
        self._trouble = ""
        self._preparation: Iterator[bool] | None = None
        self._kinds = {page.name: page for page in discover_pages()}
        self._pages: dict[str, Page] = {}
        self.setObjectName("main_window")
        self.setWindowTitle("SSL Studio")
        self.setAccessibleName("SSL Studio")
        self.setAcceptDrops(True)
        context.navigate = self.navigate
        self._build()
        context.toast = self.toasts.show_toast
        # Before the pages are made, which tell how it ended: the end takes the place of the work.
        context.exporter.finished.connect(self.toasts.end_busy)
        context.exporter.failed.connect(self.toasts.end_busy)
        context.exporter.in_the_way.connect(self.toasts.end_busy)
        context.watch.trouble.connect(self._tell_trouble)
        context.watch.recovered.connect(self._end_trouble)
        # No row changes while time passes: "3 min ago" is said anew all the same.
        self._clock = QTimer(self)
        self._clock.setObjectName("times")
        self._clock.timeout.connect(lambda: self.page.say_times())
        self._clock.start(TIMES_MILLISECONDS)
        self._restore_size()
        self.navigate(next(iter(self._kinds)), {})

    @property
    def page(self) -> Page:
        """The page that is open."""
        shown = self._stack.currentWidget()
        assert isinstance(shown, Page)
        return shown

    @property
    def prepared(self) -> dict[str, Page]:
        """The pages that are built, by name."""
        return self._pages

    def navigate(self, name: str, arguments: dict[str, object]) -> None:
        """Open a page; a page that is not built yet says so instead of doing nothing.

        Args:
            name: Name of the page.
            arguments: Given to its ``show_with``.
        """
        if name not in self._kinds:
            self.toasts.show_toast(f"This version of the studio has no page '{name}'.", "warn")
            return
        page = self._pages.get(name) or self._make_page(name)
        self._stack.setCurrentWidget(page)
        self._actions.setCurrentIndex(self._stack.indexOf(page))
        self._title.setText(page.title)
        self.navigation.mark(name)
        page.show_with(**arguments)
        self.toasts.place()

    def prepare_pages(self) -> None:
        """Build the pages that were not opened yet, a part a turn of the event loop, so that none waits when opened."""
        self._preparation = self._preparation or self._prepare()
        if next(self._preparation, False):
            QTimer.singleShot(PREPARE_MILLISECONDS, self, self.prepare_pages)

    def _prepare(self) -> Iterator[bool]:
        """Yield True after every part that was made."""
        for name in self._kinds:
            page = self._pages.get(name) or self._make_page(name)
            yield True
            for _ in page.prepare():
                yield True
            if page is not self._stack.currentWidget():
                # Styles are worked out and the layout is done when a page is first drawn.
                page.resize(self._stack.size())
                page.grab()
            yield True

    def close_quietly(self) -> None:
        """Close without a question, as Ctrl-C asks: runs that train go on without the window."""
        self._is_quiet = True
        self.close()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask what becomes of runs that train, then end what the window started."""
        if not close_engine(self._context, self, asks=not self._is_quiet):
            event.ignore()
            return
        self._context.preferences.remember("window/geometry", self.saveGeometry())
        self._context.preferences.sync()
        self.status_bar.stop()
        self._clock.stop()
        event.accept()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder, or a list of pictures, wherever it is dropped."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Open New run with what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        self.take_dropped(paths)

    def take_dropped(self, paths: list[Path]) -> None:
        """Open New run with the first folder or list among ``paths``; say what is accepted if there is none."""
        usable = [path for path in paths if path.is_dir() or path.suffix.lower() in LISTS]
        if usable:
            self.navigate("new_run", {"location": str(usable[0])})
            return
        self.toasts.show_toast(
            "That is neither a folder nor a list of pictures. Drop the folder that holds the pictures.",
            "warn",
        )

    def _build(self) -> None:
        self.navigation = Navigation()
        for page in self._kinds.values():
            if page.in_navigation:
                self.navigation.add(page.name, page.title, page.icon)
        self.navigation.chosen.connect(lambda name: self.navigate(name, {}))
        self._add_theme_button()
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        self.status_bar = StatusBar(self._context)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._build_title_row())
        column.addWidget(self._stack, 1)
        upper = QHBoxLayout()
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(self.navigation)
        upper.addWidget(body, 1)
        centre = QWidget()
        whole = QVBoxLayout(centre)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(upper, 1)
        whole.addWidget(self.status_bar)
        self.setCentralWidget(centre)
        self.toasts = Toasts(body)

    def _build_title_row(self) -> QHBoxLayout:
        self._title = make_label("", "page_title", "title")
        self._actions = QStackedWidget()
        self._actions.setObjectName("page_actions")
        row = QHBoxLayout()
        row.setContentsMargins(24, 12, 24, 8)
        row.setSpacing(16)
        row.addWidget(self._title)
        row.addWidget(self._actions, 1)
        return row

    def _make_page(self, name: str) -> Page:
        page = self._kinds[name](self._context)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        for action in page.header_actions():
            row.addWidget(action)
        self._pages[name] = page
        self._stack.addWidget(page)
        self._actions.addWidget(holder)
        return page

    def _add_theme_button(self) -> None:
        button = self.navigation.add_at_foot("theme_button", "Theme", "sun")
        menu = QMenu(button)
        menu.setAccessibleName("Theme")
        group = QActionGroup(menu)
        for name, title, icon in _THEMES:
            action = menu.addAction(theme.icon(icon), title)
            action.setObjectName(f"theme_{name}")
            action.setCheckable(True)
            action.setChecked(theme.choice() == name)
            action.triggered.connect(lambda _checked, name=name: self.choose_theme(name))
            group.addAction(action)
        button.setMenu(menu)
        button.setPopupMode(button.ToolButtonPopupMode.InstantPopup)

    def choose_theme(self, name: str) -> None:
        """Put a theme on and remember it."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply_theme(app, name)
        self._context.preferences.remember("theme", name)

    def _tell_trouble(self, sentence: str, fix: str) -> None:
        """Say that the store cannot be read; the status bar keeps saying it, but has no room for all of it."""
        self._end_trouble()
        self._trouble = f"{sentence} {fix}"
        self.toasts.show_toast(self._trouble, "bad")

    def _end_trouble(self) -> None:
        self.toasts.take_back(self._trouble)

    def _restore_size(self) -> None:
        # What the window manager draws around the window takes room as well.
        room = QGuiApplication.primaryScreen().availableSize() - QSize(*FRAME)
        remembered = self._context.preferences.blob("window/geometry")
        if remembered.isEmpty() or not self.restoreGeometry(remembered):
            self.resize(QSize(*USUAL_SIZE).boundedTo(room))
        # No larger than the screen: the status bar stays on it, at 200 % on a small one too.
        self.setMinimumSize(QSize(*LEAST_SIZE).boundedTo(room))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
