"""One sitting: from the application object to the closed window."""

import locale
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.errors import StoreError
from engine.store import Store, open_store
from engine.store.hold import StoreHold
from studio import theme
from studio.composition import make_context
from studio.context import StudioContext
from studio.main_window import MainWindow
from studio.mishaps import MishapReporter, log_file, start_log
from studio.preferences import Preferences
from studio.qt_refusal import refusal_in_words
from studio.start_checks import HEADLESS
from studio.widgets.store_question import StoreQuestion

NO_STORE = 1
SIGNAL_MILLISECONDS = 200
OWNER_MILLISECONDS = 1500
HOLD_MILLISECONDS = 10_000


def run_session(location: str | None, chosen_theme: str | None) -> int:
    """Make the application, open the store, show the window, and wait until it is closed.

    Args:
        location: Path or address of the store, None for the usual one.
        chosen_theme: "light", "dark", "system", or None for the remembered one.

    Returns:
        Exit code.
    """
    app = make_application(chosen_theme)
    store = open_store_or_ask(location)
    if store is None:
        return NO_STORE
    context = make_context(store)
    file = log_file()
    start_log(file)
    reporter = MishapReporter(context, file)
    reporter.install()
    window = MainWindow(context)
    window.show()
    beat = _close_on_interrupt(window)
    hold = StoreHold(store.path) if store.path is not None else None
    keeper = _keep_held(hold)
    QTimer.singleShot(0, window, lambda: _start(context, window))
    code = app.exec()
    beat.stop()
    keeper.stop()
    sys.excepthook = sys.__excepthook__
    store.close()
    if hold is not None:
        hold.stop()
    return code


def make_application(chosen_theme: str | None) -> QApplication:
    """Make the application with its names, its theme and numbers that read the same in every language."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        app = existing
    else:
        with refusal_in_words(HEADLESS):
            app = QApplication(sys.argv[:1])
    # Qt takes over the language's decimal comma, which breaks the parsing of numbers in libraries.
    locale.setlocale(locale.LC_NUMERIC, "C")
    app.setApplicationName("ssl-studio")
    app.setApplicationDisplayName("SSL Studio")
    app.setDesktopFileName("ssl-studio")
    preferences = Preferences()
    if chosen_theme is not None:
        preferences.remember("theme", chosen_theme)
    theme.apply_theme(app, chosen_theme or preferences.text("theme", "system"))
    return app


def open_store_or_ask(location: str | None) -> Store | None:
    """Open the store; when that fails, say why and let the person try again, choose another place, or quit."""
    place: str | Path | None = location
    while True:
        try:
            return open_store(place)
        except StoreError as error:
            answer = StoreQuestion(error.message, error.fix).ask()
            if answer is None:
                return None
            place = answer or place


def _start(context: StudioContext, window: MainWindow) -> None:
    """Start what works behind the window, once it is on screen."""
    context.watch.start()
    context.supervisor.start()
    window.prepare_pages()
    if context.store.note:
        context.toast(context.store.note, "info")
    QTimer.singleShot(OWNER_MILLISECONDS, context.watch, lambda: _tell_owner(context))


def _keep_held(hold: StoreHold | None) -> QTimer:
    """Hold the store's log as long as the window is open, and again should somebody end the holding process."""
    keeper = QTimer()
    keeper.setObjectName("store_hold")
    if hold is not None:
        keeper.timeout.connect(hold.start)
        hold.start()
    keeper.start(HOLD_MILLISECONDS)
    return keeper


def _tell_owner(context: StudioContext) -> None:
    if context.supervisor.owner:
        context.toast(
            f"{context.supervisor.owner} Runs queued here are trained there; this window shows them and controls them.",
            "warn",
        )


def _close_on_interrupt(window: MainWindow) -> QTimer:
    """Close the window on Ctrl-C; the timer lets Python look at signals while Qt waits for events."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: window.close_quietly())
    beat = QTimer()
    beat.setObjectName("signals")
    beat.timeout.connect(lambda: None)
    beat.start(SIGNAL_MILLISECONDS)
    return beat
