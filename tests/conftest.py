"""What every test stands on: no screen, no settings of the person's own, no leftovers."""

import contextlib
import locale
import os
import shutil
import sys
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # as engine/__init__.py, but before any test imports torch
# Tests run side by side, a core each, and so do the processes that they start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# Numbers must read the same whatever the machine's language is.
locale.setlocale(locale.LC_NUMERIC, "C")


# How long an example takes says more of the machine than of the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """The file of an empty store; a copy is made ten times as fast as another one."""
    from engine.store import open_store

    path = tmp_path_factory.mktemp("empty") / "store.sqlite"
    open_store(path).close()
    return path


@pytest.fixture
def store(tmp_path, empty_store):
    """An empty store in a real SQLite file."""
    from engine.store import open_store

    shutil.copyfile(empty_store, tmp_path / "store.sqlite")
    opened = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def context(store, qtbot, fresh_preferences):
    """Everything a page is given, on an empty store; ``visited`` and ``said`` record what the page asked the frame.

    The engine thread is there but not started: a test that wants runs to run starts it.
    """
    from studio.composition import make_context

    made = make_context(store)
    made.visited = []
    made.said = []
    made.navigate = lambda page, arguments: made.visited.append((page, arguments))
    made.toast = lambda sentence, level="info", action=None: made.said.append(
        SimpleNamespace(sentence=sentence, level=level, action=action)
    )
    yield made
    made.watch.stop()
    made.inspector.stop()
    made.scanner.stop()
    made.importer.stop()
    made.exporter.stop()


@pytest.fixture(autouse=True)
def fresh_preferences(request, tmp_path):
    """Give each window test its own, empty settings folder."""
    if "qtbot" not in request.fixturenames and "fresh_preferences" not in request.node.fixturenames:
        return
    from PySide6.QtCore import QSettings

    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture(autouse=True)
def _no_leftovers(request, monkeypatch):
    """Fail a window test that leaves a timer, a thread or a process running behind it."""
    if "qtbot" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("qtbot")  # torn down after this fixture: widgets still exist when we look
    from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer

    timers, threads = [], []
    _record_starts(monkeypatch, QTimer, timers)
    _record_starts(monkeypatch, QThread, threads)
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    yield
    # Without a running event loop Qt keeps what was deleted; every later change of style would touch it again.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    leftovers = [f"timer {_named(timer)}" for timer in timers if _is_alive(timer, "isActive")]
    leftovers += [f"thread {_named(thread)}" for thread in threads if _is_alive(thread, "isRunning")]
    leftovers += _processes_but(before)
    assert not leftovers, f"the test left these running: {', '.join(leftovers)}"


def _record_starts(monkeypatch, kind, started):
    original = kind.start

    def start(self, *arguments):
        started.append(self)
        return original(self, *arguments)

    monkeypatch.setattr(kind, "start", start)


def _is_alive(thing, question):
    import shiboken6

    return shiboken6.isValid(thing) and getattr(thing, question)()


def _named(thing):
    return thing.objectName() or type(thing).__name__


def _processes_but(known):
    """Children that are new; the ones multiprocessing keeps for the whole session do not count."""
    left = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            is_kept = "resource_tracker" in command or "forkserver" in command
            if process.pid in known or is_kept or process.status() == psutil.STATUS_ZOMBIE:
                continue
            left.append(f"process {process.pid} ({command[:80] or process.name()})")
            process.kill()
    return left


@pytest.fixture(scope="session", autouse=True)
def _quiet_shutdown():
    """Drop theme connections before Qt goes away, so that interpreter exit is silent."""
    yield
    if "studio.theme" in sys.modules:
        from studio import theme

        theme.forget_drawings()
