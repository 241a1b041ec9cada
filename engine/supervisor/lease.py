"""Who runs the training of a store: one program at a time on each computer, held by a file lock.

The lock vanishes with its process, however that ended; the small file beside it only says who holds it.
"""

import json
import os
import socket
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engine.store import Store
from engine.store.private import FILE, private_opener


class EngineLease:
    """The right to start workers for one store.

    Args:
        store: The store whose runs are to be worked on.
        program: What this program calls itself to others, such as "studio".
    """

    def __init__(self, store: Store, program: str) -> None:
        base = str(store.path) if store.path is not None else str(store.folder / "store")
        self._lock = FileLock(f"{base}.engine.lock", timeout=0, mode=FILE, thread_local=False)
        self._card = Path(f"{base}.engine.json")
        self._program = program

    @property
    def is_held(self) -> bool:
        """True while this program holds the lease."""
        return self._lock.is_locked

    def acquire(self) -> bool:
        """Try once to take the lease; True when this program holds it now.

        Raises:
            OSError: When the folder of the store cannot be written.
        """
        if self.is_held:
            return True
        try:
            self._lock.acquire()
        except Timeout:
            return False
        me = {"program": self._program, "host": socket.gethostname(), "pid": os.getpid()}
        with open(self._card, "w", encoding="utf-8", opener=private_opener) as file:
            json.dump(me, file)
        return True

    def is_free(self) -> bool:
        """True when nobody holds the lease at this moment."""
        try:
            with self._lock:
                return True
        except Timeout:
            return False

    def release(self) -> None:
        """Give the lease back; nothing happens when it is not held."""
        if self.is_held:
            self._card.unlink(missing_ok=True)
            self._lock.release()

    def holder(self) -> str:
        """Say in one sentence who else holds the lease."""
        card = self._read_card()
        program = str(card.get("program", "program"))
        if not card:
            return "Another program already runs the training of this store."
        here = card.get("host") == socket.gethostname()
        place = "on this computer" if here else f"on the computer '{card.get('host')}'"
        return (
            f"Another {program} {place} (process {card.get('pid')}) already runs the training of this store."
        )

    def _read_card(self) -> dict[str, Any]:
        """Return what the holder wrote about itself; empty when it is gone or half written."""
        try:
            card = json.loads(self._card.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return card if isinstance(card, dict) else {}
