r"""Names of files as text that can be stored, shown and turned back, whatever bytes a file system holds.

A name that is no UTF-8, or holds a line break or a mark of direction, is written with Python's signs for those
(``caf\xe9`` is the byte 0xE9), and a backslash that could be read as such a sign is doubled. Every other name is its
own text.
"""

import os
import re
from pathlib import Path

from engine.printable import FIRST_ESCAPED_BYTE, LAST_ESCAPED_BYTE, is_printable

_NAMED = {"\n": "n", "\r": "r", "\t": "t", "\\": "\\"}
_SIGN = re.compile(r"\\(?:([nrt\\])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_BYTES_FROM = 0x80


def name_as_text(name: str) -> str:
    """Write a name as valid, printable text; different names have different texts."""
    if name.isascii() and name.isprintable() and "\\" not in name:
        return name
    return "".join(sign if is_printable(sign) and sign != "\\" else _as_sign(sign) for sign in name)


def name_from_text(text: str) -> str:
    """The name that ``name_as_text`` wrote."""
    return _SIGN.sub(_from_sign, text) if "\\" in text else text


def place_as_text(place: str | Path) -> str:
    """Write a path as ``name_as_text`` does, but leave good text alone: Windows separates by backslashes."""
    text = str(place)
    return text if all(map(is_printable, text)) else name_as_text(text)


def place_from_text(text: str) -> Path:
    """Find the path that a person typed or ``place_as_text`` wrote: absolute, ``~`` is the home folder."""
    tried = (text, text.strip(), name_from_text(text))
    found = next((each for each in tried if os.path.exists(os.path.expanduser(each))), text.strip())
    return Path(os.path.expanduser(found)).absolute()


def _as_sign(sign: str) -> str:
    number = ord(sign)
    if sign in _NAMED:
        return f"\\{_NAMED[sign]}"
    if FIRST_ESCAPED_BYTE <= number <= LAST_ESCAPED_BYTE:
        return f"\\x{number - FIRST_ESCAPED_BYTE + _BYTES_FROM:02x}"
    if number < _BYTES_FROM:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _from_sign(match: re.Match[str]) -> str:
    named, byte, short, long = match.groups()
    if named:
        return next(sign for sign, letter in _NAMED.items() if letter == named)
    if byte:
        number = int(byte, 16)
        return chr(number if number < _BYTES_FROM else number - _BYTES_FROM + FIRST_ESCAPED_BYTE)
    number = int(short or long, 16)
    return chr(number) if number <= 0x10FFFF else match.group()
