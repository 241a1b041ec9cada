"""Requests from a stream where, in each lane, only the newest one matters."""

import json
from collections.abc import Callable, Iterable
from threading import Condition, Thread
from typing import Any

Request = dict[str, Any]


class LatestRequests:
    """Reads JSON lines in a thread of its own and hands them out one by one.

    Args:
        lines: The stream; its end ends the requests.
        on_replaced: Called, in the reading thread, with a request that a newer one of its lane replaced.
    """

    def __init__(self, lines: Iterable[str], on_replaced: Callable[[Request], None]) -> None:
        self._lines, self._on_replaced = lines, on_replaced
        self._waiting: dict[str, Request] = {}
        self._condition = Condition()
        self._ended = False
        Thread(target=self._read, name="requests", daemon=True).start()

    def next(self) -> Request | None:
        """Wait for a request; None when the stream has ended."""
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._ended)
            if not self._waiting:
                return None
            return self._waiting.pop(next(iter(self._waiting)))

    def _read(self) -> None:
        for line in self._lines:
            if line.strip():
                self._take(json.loads(line))
        with self._condition:
            self._ended = True
            self._condition.notify()

    def _take(self, request: Request) -> None:
        with self._condition:
            replaced = self._waiting.pop(str(request["lane"]), None)
            self._waiting[str(request["lane"])] = request
            self._condition.notify()
        if replaced is not None:
            self._on_replaced(replaced)
