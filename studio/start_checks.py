"""What is checked before Qt starts, because Qt itself would end the process without a word one can use.

Each check returns a sentence for the person, or nothing when all is well.
"""

import ctypes
import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

HEADLESS = "Without a window, train with: ssl-engine train --help"
CALLS = 1000
DRIFT = 100


def missing_display(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> str:
    """Say that there is no screen to open a window on.

    Args:
        platform: ``sys.platform``.
        environment: Environment variables.
    """
    if not platform.startswith("linux") or environment.get("QT_QPA_PLATFORM"):
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return f"There is no display here to open a window on. {HEADLESS}"


def missing_libraries(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> str:
    """Say which library of the system Qt needs for a window and does not find.

    Args:
        platform: ``sys.platform``.
        environment: Environment variables.
    """
    if not platform.startswith("linux") or environment.get("QT_QPA_PLATFORM") not in (None, "", "xcb"):
        return ""
    if not environment.get("DISPLAY"):
        return ""
    specification = find_spec("PySide6")
    folders = list(specification.submodule_search_locations or []) if specification else []
    for folder in folders:
        plugin = Path(folder) / "Qt" / "plugins" / "platforms" / "libqxcb.so"
        if plugin.exists() and (problem := _cannot_load(plugin)):
            return (
                f"Qt cannot open a window because the system lacks a library: {problem}. On Debian and Ubuntu: "
                f"sudo apt install libxcb-cursor0 libxkbcommon-x11-0 libegl1 libxcb-icccm4 libxcb-keysyms1. {HEADLESS}"
            )
    return ""


def broken_qt() -> str:
    """Say that this Qt and this Python do not work together.

    PySide6 6.12.0 on Python 3.11 and older loses a reference of None in almost every call and aborts the process
    after some thousand of them; this counts before anything is lost.
    """
    from PySide6.QtCore import QObject

    probe = QObject()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        probe.setObjectName("")
    if before - sys.getrefcount(None) < DRIFT:
        return ""
    return (
        f"PySide6 {_version('PySide6-Essentials')} does not work with Python {sys.version.split()[0]}: "
        "it would end the window within minutes. Install another: pip install 'PySide6-Essentials<6.12'"
    )


def _cannot_load(library: Path) -> str:
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return str(error).removesuffix(": cannot open shared object file: No such file or directory")
    return ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"
