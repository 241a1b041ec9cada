"""What a file is by its first bytes, whatever its name says."""

import os
import stat
from pathlib import Path

_HEAD = 16
# Signatures of the formats that are read; TIFF's two byte orders, WebP inside RIFF, AVIF inside an ISO box.
_BEGINNINGS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x0cjP  ",
)
_INSIDE = ((8, b"WEBP"), (4, b"ftypavif"))


def looks_like_picture(path: Path) -> bool:
    """True for an ordinary file that begins as a picture does; False for one that cannot be opened."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return False
    return head.startswith(_BEGINNINGS) or any(head[at:].startswith(sign) for at, sign in _INSIDE)
