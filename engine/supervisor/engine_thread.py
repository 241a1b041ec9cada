"""The engine thread: holds the lease of a store and lets its crew work, whatever goes wrong meanwhile."""

import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from engine.devices import list_devices
from engine.errors import EngineError, StoreError
from engine.store import CommandKind, Store, open_store, send_command
from engine.supervisor.crew import Crew
from engine.supervisor.lease import EngineLease

WORKER_COMMAND = (sys.executable, "-m", "engine.jobs.worker")
LONGEST_RETRY_SECONDS = 10.0
LEASE_RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Supervisor:
    """Runs the queued runs of a store in the background: one worker process per device.

    Args:
        location: Path or address of the store; None for the default one.
        in_process: Run jobs inside this thread instead of in worker processes; for tests and debuggers.
        devices: Names of the devices that take runs; all of this computer when None.
        poll_seconds: How often rows and processes are looked at.
        worker_command: Command line of a worker, completed with ``--store`` and ``--run-id``.
        grace_seconds: How long a worker may take to obey "stop now" before its process tree is ended.
        program: What this program is called towards a second one on the same store.
    """

    def __init__(
        self,
        location: str | Path | None,
        *,
        in_process: bool = False,
        devices: Sequence[str] | None = None,
        poll_seconds: float = 0.25,
        worker_command: Sequence[str] = WORKER_COMMAND,
        grace_seconds: float = 10.0,
        program: str = "studio",
    ) -> None:
        self._location = location
        self._devices = devices
        self._poll_seconds = poll_seconds
        self._command = None if in_process else list(worker_command)
        self._grace_seconds = grace_seconds
        self._program = program
        self._ending = threading.Event()
        self._farewell: tuple[Literal["keep", "pause"], float] = ("keep", 0.0)
        self._thread: threading.Thread | None = None
        self._store: Store | None = None
        self._lease: EngineLease | None = None
        self._crew: Crew | None = None
        self._is_idle = False
        self._owner = ""
        self._last_error = ""

    @property
    def is_running(self) -> bool:
        """True while the thread works or waits for its turn."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def holds_engine(self) -> bool:
        """True when this program, and no other, runs the training of the store."""
        return self.is_running and self._crew is not None

    @property
    def owner(self) -> str:
        """A sentence that says who else runs the training of this store; empty when nobody else does."""
        return self._owner

    @property
    def last_error(self) -> str:
        """What keeps the engine from working right now, in words; empty while all is well."""
        return self._last_error

    @property
    def is_idle(self) -> bool:
        """True when this program holds the engine and found nothing to run or to watch."""
        return self.holds_engine and self._is_idle

    def start(self) -> None:
        """Start the thread; it opens the store itself, so this returns at once."""
        if self.is_running:
            return
        self._ending.clear()
        self._thread = threading.Thread(target=self._live, name="engine", daemon=True)
        self._thread.start()

    def stop(self, *, runs: Literal["keep", "pause"] = "keep", timeout: float = 30.0) -> bool:
        """End the thread.

        Args:
            runs: "keep" lets workers go on without a window, "pause" has them save and leave their devices. A job
                inside the thread cannot outlive it and is always paused.
            timeout: Seconds to wait for it.

        Returns:
            True when everything ended in time. Workers that did not pause in time go on; nothing is lost.
        """
        self._farewell = (runs, timeout)
        self._ending.set()
        if self._thread is None:
            return True
        if self._command is None:
            self._pause_job_in_thread()
        self._thread.join(timeout + 1.0)
        return not self._thread.is_alive() and (runs == "keep" or self._is_idle)

    def kill_run(self, run_id: int) -> None:
        """End the worker of a run that no longer answers, with everything it started.

        It goes by a row, so it works from a window that does not hold the engine as well.

        Raises:
            StoreError: When the store cannot be written.
        """
        store = self._store or open_store(self._location)
        try:
            send_command(store, run_id, CommandKind.STOP_NOW, grace_seconds=0.0)
        finally:
            if store is not self._store:
                store.close()

    def _live(self) -> None:
        """Take turns until told to stop; no error ends the thread, each is said and tried again."""
        failures = 0
        while not self._ending.is_set():
            try:
                wait = self._take_turn()
                failures, self._last_error = 0, ""
            except Exception as error:  # noqa: BLE001 - the thread is the last one who could go on
                failures += 1
                self._last_error = _in_words(error)
                wait = min(self._poll_seconds * 2**failures, LONGEST_RETRY_SECONDS)
            self._ending.wait(wait)
        try:
            self._leave()
        except Exception as error:  # noqa: BLE001 - leaving must end in any case
            self._last_error = _in_words(error)

    def _take_turn(self) -> float:
        """Do one round of work and return the seconds until the next."""
        if self._store is None or self._lease is None:
            self._store = open_store(self._location)
            self._lease = EngineLease(self._store, self._program)
        if not self._lease.acquire():
            self._owner = self._lease.holder()
            return LEASE_RETRY_SECONDS
        self._owner = ""
        if self._crew is None:
            devices = self._devices or [device.name for device in list_devices()]
            self._crew = Crew(
                self._store, devices=devices, command=self._command, grace_seconds=self._grace_seconds
            )
        self._crew.tick()
        self._is_idle = self._crew.is_idle
        return self._poll_seconds

    def _leave(self) -> None:
        """Pause the runs if that was asked, then let the next engine in."""
        runs, timeout = self._farewell
        try:
            if self._crew is not None and runs == "pause":
                self._is_idle = self._crew.pause_all(timeout)
        finally:
            if self._lease is not None:
                self._lease.release()
            if self._store is not None:
                self._store.close()
            self._crew = self._lease = self._store = None

    def _pause_job_in_thread(self) -> None:
        """Ask the job that keeps the thread busy to save and return."""
        crew, store = self._crew, self._store
        if crew is not None and store is not None and crew.job_run_id is not None:
            with suppress(StoreError):  # it has just come to its end
                send_command(store, crew.job_run_id, CommandKind.PAUSE, release=True)


def _in_words(error: Exception) -> str:
    """Return an error as a sentence, and write it to the log when it is not one of ours."""
    if isinstance(error, EngineError):
        return str(error)
    logger.error("the engine thread met an unexpected error", exc_info=error)
    if isinstance(error, OSError) and error.strerror:
        return (
            f"The engine cannot go on: {error.strerror} ({error.filename or 'unknown file'}). It tries again."
        )
    return f"The engine met an unexpected error ({type(error).__name__}: {error}). It tries again."
