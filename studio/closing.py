"""What happens to the runs when the window closes."""

import threading

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QProgressDialog, QWidget

from studio.context import StudioContext
from studio.live.engine_words import is_training
from studio.widgets.close_question import Answer, CloseQuestion

KEEP_SECONDS = 5.0
PAUSE_SECONDS = 30.0


def close_engine(context: StudioContext, window: QWidget, *, asks: bool = True) -> bool:
    """Ask what becomes of runs that train, and end the engine thread and the helper processes.

    Args:
        context: What the window works with.
        window: The window that closes.
        asks: False lets runs that train go on without asking.

    Returns:
        False when the person would rather stay.
    """
    answer: Answer = "keep"
    context.watch.check()
    training = [run.name for run in context.watch.runs.values() if is_training(run)]
    if asks and training and context.supervisor.holds_engine:
        answer = CloseQuestion(training, window).ask()
    if answer == "cancel":
        return False
    context.watch.stop()
    context.inspector.stop()
    context.scanner.stop()
    context.importer.stop()
    context.exporter.stop()
    if answer == "pause":
        _pause_behind_a_dialog(context, window)
    else:
        context.supervisor.stop(runs="keep", timeout=KEEP_SECONDS)
    return True


def _pause_behind_a_dialog(context: StudioContext, window: QWidget) -> None:
    """Saving a checkpoint may take a while: it happens in a thread while the window says so."""
    thread = threading.Thread(
        target=lambda: context.supervisor.stop(runs="pause", timeout=PAUSE_SECONDS), name="closing"
    )
    dialog = QProgressDialog("Saving and pausing the runs…", "", 0, 0, window)
    dialog.setCancelButton(None)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.setAccessibleName("Saving and pausing the runs")
    dialog.setMinimumDuration(0)
    dialog.show()
    loop = QEventLoop()
    look = QTimer()
    look.timeout.connect(lambda: None if thread.is_alive() else loop.quit())
    thread.start()
    look.start(50)
    loop.exec()
    look.stop()
    dialog.close()
