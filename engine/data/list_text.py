"""The text of a list, whatever program wrote it: UTF-8, UTF-16, or the code page of an old one."""

import codecs
import os
import stat
from pathlib import Path

from engine.errors import DataError
from engine.file_names import name_as_text

# A list of ImageNet's 1.3 million pictures has a third of this.
MOST_BYTES = 256 * 2**20
_HEAD = 4096
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_texts(file: Path) -> list[str]:
    """Read a list; text that is no UTF-8 may be meant in two ways, which what it names decides between.

    Raises:
        DataError: When it cannot be opened, is no ordinary file, too large, or no text.
    """
    data = _read(file)
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "") or _wide(data)
    try:
        return [_plain_lines(data.decode(encoding or "utf-8"))]
    except UnicodeDecodeError as error:
        if encoding:
            raise DataError(
                f"The list {name_as_text(file.name)} is not text in UTF-8 or UTF-16.", "Save it as UTF-8."
            ) from error
    # Names of files are bytes: those of the list as they are, or as a Windows program meant them.
    meant = data.decode("cp1252", "replace")
    return [_plain_lines(meant), _plain_lines(data.decode("utf-8", "surrogateescape"))]


def _read(file: Path) -> bytes:
    name = name_as_text(file.name)
    try:
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{name} is no ordinary file.", "Choose a CSV list or a folder.")
        if status.st_size > MOST_BYTES:
            raise DataError(
                f"The list {name} has {status.st_size >> 20:,} MiB, more than the {MOST_BYTES >> 20:,} allowed.",
                "Is it a list of pictures? Divide it, or choose a folder.",
            )
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"The list {name} cannot be opened: {error.strerror}.") from error


def _wide(data: bytes) -> str:
    """UTF-16 without a mark at its beginning: every second byte of Western text is zero."""
    head = data[:_HEAD]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
