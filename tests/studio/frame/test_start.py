"""Launching: what is checked, what is said, what is never imported."""

import os
import signal
import subprocess
import sys
import time

import pytest

from studio import start_checks
from studio.app import main

# A window in a fresh process, closed again at once; says what was imported meanwhile.
LAUNCH = """
import sys
from PySide6.QtCore import QTimer
from studio import session
started = session._start
def start_and_close(context, window):
    started(context, window)
    QTimer.singleShot(1500, window, window.close)
session._start = start_and_close
code = session.run_session(sys.argv[1], "light")
heavy = sorted({name.partition('.')[0] for name in sys.modules} & {"torch", "torchvision", "timm", "sklearn"})
print("heavy:", heavy)
sys.exit(code)
"""


def environment(tmp_path, **changes):
    kept = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
    }
    kept.update(changes)
    return {name: value for name, value in kept.items() if value is not None}


def test_without_a_display_one_sentence_names_the_headless_command(tmp_path):
    nothing = environment(tmp_path, DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    told = subprocess.run(
        [sys.executable, "-m", "studio"], env=nothing, capture_output=True, text=True, timeout=60
    )
    if sys.platform.startswith("linux"):
        assert told.returncode == 2
        assert told.stderr.count("\n") == 1
        assert "ssl-engine train --help" in told.stderr


@pytest.mark.parametrize(
    ("platform", "variables", "is_missing"),
    [
        ("linux", {}, True),
        ("linux", {"DISPLAY": ":0"}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, False),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, False),
        ("darwin", {}, False),
        ("win32", {}, False),
    ],
)
def test_a_display_is_missing_only_where_linux_has_none(platform, variables, is_missing):
    assert bool(start_checks.missing_display(platform, variables)) is is_missing


def test_this_pair_of_qt_and_python_loses_no_reference_of_none(qapp):
    assert start_checks.broken_qt() == ""


def test_libraries_are_only_looked_for_where_x11_is_used():
    assert start_checks.missing_libraries("linux", {"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}) == ""
    assert start_checks.missing_libraries("darwin", {"DISPLAY": ":0"}) == ""


def test_an_unknown_option_is_bad_use():
    with pytest.raises(SystemExit) as ended:
        main(["--no-such-option"])
    assert ended.value.code == 2


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert "ssl-studio" in capsys.readouterr().out


@pytest.mark.slow
def test_the_window_opens_and_closes_without_importing_torch(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", LAUNCH, str(tmp_path / "store.sqlite")],
        env=environment(tmp_path), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "heavy: []" in ended.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT between processes")
def test_ctrl_c_closes_the_window(tmp_path):
    command = [sys.executable, "-m", "studio", "--store", str(tmp_path / "store.sqlite")]
    process = subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "store.sqlite.engine.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
