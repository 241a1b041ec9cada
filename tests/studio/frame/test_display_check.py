"""A display that is not there, or does not answer, is said in words, and ends nothing with a core file."""

import os
import socket
import subprocess
import sys

import pytest

from studio.display_check import unusable_platform

HEADLESS = "Train without."


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"DISPLAY": ":4711"}, "nothing answers on the display ':4711'"),
        ({"DISPLAY": "127.0.0.1:4711"}, "nothing answers on the display '127.0.0.1:4711'"),
        ({"DISPLAY": "no display"}, "nothing answers on the display 'no display'"),
        ({"QT_QPA_PLATFORM": "xcb"}, "DISPLAY is not set"),
        ({"QT_QPA_PLATFORM": "xcb:size=3", "DISPLAY": ":4711"}, "':4711'"),
        ({"WAYLAND_DISPLAY": "none", "XDG_RUNTIME_DIR": "/nowhere"}, "Wayland display 'none'"),
        ({"WAYLAND_DISPLAY": "none", "DISPLAY": ":4711"}, "'none' (WAYLAND_DISPLAY) and nothing answers on"),
        ({"QT_QPA_PLATFORM": "nonsense"}, "no platform 'nonsense'"),
    ],
)
def test_what_cannot_open_a_window_is_named_with_what_to_do(variables, part):
    said = unusable_platform(HEADLESS, "linux", variables)
    assert part in said
    assert said.endswith(HEADLESS)


@pytest.mark.parametrize(
    "variables", [{"QT_QPA_PLATFORM": "offscreen"}, {"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":4711"}, {}]
)
def test_what_needs_no_display_is_asked_for_none(variables):
    assert unusable_platform(HEADLESS, "linux", variables) == ""


def test_a_display_that_answers_is_taken(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "way"))
        server.listen()
        variables = {"WAYLAND_DISPLAY": "way", "XDG_RUNTIME_DIR": str(tmp_path), "DISPLAY": ":4711"}
        assert unusable_platform(HEADLESS, "linux", variables) == ""


def test_other_systems_are_left_to_qt():
    assert unusable_platform(HEADLESS, "darwin", {"DISPLAY": ":4711"}) == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="platforms of Qt on Linux")
def test_where_qt_itself_refuses_its_reason_is_said_and_nothing_aborts(tmp_path):
    code = "from studio.session import make_application; make_application(None)"
    variables = {**os.environ, "HOME": str(tmp_path), "QT_QPA_PLATFORM": "eglfs:none"}
    told = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 2
    assert told.stderr.startswith("Qt cannot open a window: ")
    assert told.stderr.count("\n") == 1
    assert "ssl-engine train" in told.stderr
