"""Turns the bytes a process prints into JSON objects, one per line."""

import json
from typing import Any


class JsonLines:
    """Collects bytes until a line is whole; lines that are no JSON object are kept as ``other`` text."""

    def __init__(self) -> None:
        self._rest = b""
        self.other: list[str] = []

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take more bytes and return the objects whose lines are complete by now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [found for line in lines if (found := self._parse(line)) is not None]

    def _parse(self, line: bytes) -> dict[str, Any] | None:
        text = line.decode(errors="replace").strip()
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        if text:
            self.other.append(text)
        return None
