"""Holds a store's log in place by a small process that keeps one connection as long as this one lives.

A process has its locks on a file only until it closes that file by any way at all: a file dialog that looks into the
store's folder, or any library that opens the file and closes it, drops the locks of SQLite. The next program that
closes the store then takes itself for the last one and deletes the write-ahead log, into which this process goes on
writing. A process of its own that does nothing else cannot lose its locks, so nobody else is ever the last one.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

# Reading once attaches the connection to the log; its shared locks on file and index stay until it is closed.
_HOLD = """
import signal, sqlite3, sys
for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)):
    if number is not None:
        signal.signal(number, signal.SIG_IGN)
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.buffer.read()
connection.close()
"""
END_SECONDS = 5.0


class StoreHold:
    """The process that holds a store; it ends with this one, however that ends.

    Args:
        path: The database file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        """True while the store is held."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> bool:
        """Start to hold, and wait until the locks are there (some hundredths of a second); False when that failed.

        A store works without being held, so this raises nothing.
        """
        if self.is_alive:
            return True
        with suppress(OSError):
            # Isolated and without site: it needs nothing but the standard library, and starts ten times as fast.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _HOLD, str(self._path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            assert self._process.stdout is not None
            if self._process.stdout.readline().strip() == b"held":
                return True
        self.stop()
        return False

    def stop(self) -> None:
        """Let go; call it after the store was closed here, so that the log is tidied up by whoever is last."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
