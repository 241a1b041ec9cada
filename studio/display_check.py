"""Whether there is a screen that a window can be opened on. It is asked before Qt is, which ends the process instead.

Each check returns a sentence for the person, or nothing when all is well.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

WAIT_SECONDS = 5.0
FIRST_X_PORT = 6000
X_LIBRARY = "libxcb.so.1"


def unusable_platform(
    headless: str, platform: str = sys.platform, environment: Mapping[str, str] = os.environ
) -> str:
    """Say that QT_QPA_PLATFORM names something this Qt does not have, or that the display it would use is dead.

    Args:
        headless: Sentence on what works without a window.
        platform: ``sys.platform``.
        environment: Environment variables.
    """
    if not platform.startswith("linux"):
        return ""
    wishes = [wish.partition(":")[0] for wish in environment.get("QT_QPA_PLATFORM", "").split(";") if wish]
    known = _plugins()
    usable = [wish for wish in wishes if wish in known]
    if wishes and known and not usable:
        return (
            f"This Qt has no platform '{wishes[0]}', which QT_QPA_PLATFORM asks for. Unset it, or set it to one of: "
            f"{', '.join(sorted(known))}. {headless}"
        )
    if not usable:
        # As Qt chooses: Wayland where it is offered, else X.
        usable = ["wayland"] if environment.get("WAYLAND_DISPLAY") and "wayland" in known else []
        usable += ["xcb"] if environment.get("DISPLAY") else []
    dead = [problem for wish in usable if (problem := _dead(wish, environment))]
    if not usable or len(dead) < len(usable):
        return ""
    return (
        f"No window can be opened here: {' and '.join(dead)}. Start the desktop, or connect with 'ssh -X', or correct "
        f"the variable. {headless}"
    )


def _dead(wish: str, environment: Mapping[str, str]) -> str:
    """Why a platform cannot open a window; empty where it can, or where only Qt will know."""
    if wish.startswith("wayland"):
        name = environment.get("WAYLAND_DISPLAY") or "wayland-0"
        place = Path(environment.get("XDG_RUNTIME_DIR", "")) / name
        return "" if _answers(place) else f"nothing answers on the Wayland display '{name}' (WAYLAND_DISPLAY)"
    if wish == "xcb":
        name = environment.get("DISPLAY", "")
        if not name:
            return "QT_QPA_PLATFORM asks for X, and DISPLAY is not set"
        return "" if _x_answers(name) else f"nothing answers on the display '{name}' (DISPLAY)"
    return ""


def _answers(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as door, suppress(OSError):
        door.settimeout(WAIT_SECONDS)
        door.connect(str(place))
        return True
    return False


def _x_answers(name: str) -> bool:
    """Whether an X server takes us; True as well where that cannot be told, so that Qt decides."""
    host, _, number = name.rpartition(":")
    if host and not host.startswith(("unix", "/")):
        # Far away: the library would wait for minutes.
        port = FIRST_X_PORT + int(number.partition(".")[0] or 0) if number[:1].isdigit() else FIRST_X_PORT
        try:
            socket.create_connection((host.strip("[]"), port), WAIT_SECONDS).close()
        except OSError:
            return False
    try:
        library = ctypes.CDLL(X_LIBRARY)
    except OSError:
        return True
    library.xcb_connect.restype = ctypes.c_void_p
    library.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    for verb in (library.xcb_connection_has_error, library.xcb_disconnect):
        verb.argtypes = [ctypes.c_void_p]
    connection = library.xcb_connect(name.encode(), None)
    is_dead = bool(library.xcb_connection_has_error(connection))
    library.xcb_disconnect(connection)
    return not is_dead


def _plugins() -> set[str]:
    """Names of the platforms that the installed Qt brings."""
    specification = find_spec("PySide6")
    folders = list(specification.submodule_search_locations or []) if specification else []
    files = [file for folder in folders for file in Path(folder).glob("Qt/plugins/platforms/libq*.so")]
    names = {file.stem.removeprefix("libq") for file in files}
    return {
        name.removesuffix("-generic").removesuffix("-egl") if "wayland" in name else name for name in names
    }
