"""Text from outside as a person may see it: names of files, classes and runs can hold any character there is.

A terminal obeys escape sequences, and a line with a right-to-left override reads as another one. Such characters are
shown as the signs Python writes for them, everything else stays as it is.
"""

import unicodedata

# Unicode's marks of direction (UAX 9), which reorder what stands around them. Joiners stay: emoji are made with them.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\ufeff\u2060\u00ad")
# Control characters, lone surrogates (bytes of a name that are no text), separators of lines and paragraphs.
_CATEGORIES = frozenset(("Cc", "Cs", "Zl", "Zp"))
FIRST_ESCAPED_BYTE = 0xDC80  # surrogates that stand for the bytes 0x80..0xFF of a name
LAST_ESCAPED_BYTE = 0xDCFF


def is_printable(sign: str) -> bool:
    """Say whether a character shows as itself and changes nothing around it; a space does."""
    return not (sign in _DIRECTION or sign in _INVISIBLE or unicodedata.category(sign) in _CATEGORIES)


def printable(text: str, *, keep: str = "") -> str:
    r"""Show every character that a terminal or a layout would obey as a sign, such as ``\x1b`` or ``\u202e``.

    Args:
        text: Anything, also a file name that is no text.
        keep: Characters that pass all the same, such as a line break in a text of several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(sign if sign in keep or is_printable(sign) else _as_sign(sign) for sign in text)


def _as_sign(sign: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    number = ord(sign)
    if FIRST_ESCAPED_BYTE <= number <= LAST_ESCAPED_BYTE:
        number -= 0xDC00
    return named.get(sign) or (f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}")
