"""What leaves the computer in a file that others will read: no place on a disk, so no name of a person or a machine."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

# At the start of a text: an absolute POSIX path, a home folder, a way up or down, a drive, a share, an address of one.
_PLACE = re.compile(r"(/|~|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\|file:)")


def disclosed(value: Any) -> Any:
    """The same plain values with every text that is a place on a disk cut down to its last name."""
    if isinstance(value, Mapping):
        return {key: disclosed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [disclosed(each) for each in value]
    return name_of_place(value) if isinstance(value, str) and _PLACE.match(value.strip()) else value


def name_of_place(location: str) -> str:
    """The last name of a path, whatever system wrote it; a set that is no file keeps its own name."""
    text = location.strip().rstrip("/\\")
    name = PureWindowsPath(text).name if "\\" in text else PurePosixPath(text).name
    return "" if name in ("~", "..") else name
