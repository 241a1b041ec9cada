"""One worker process and everything it started, from outside: launch, recognise again, end.

A worker leads its own session, so closing the window or pressing Ctrl-C in a terminal does not reach it. What
is needed to recognise it later, from another program, lies in a small file in the run's folder.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

import engine
from engine.devices import CARD_ORDER
from engine.store.private import private_opener
from engine.store.process_mark import SAME_START_SECONDS

LOG_NAME = "worker.log"
IDENTITY_NAME = "worker.json"

# Children of this program outlive the supervisor that started them, so that the next one can still read how
# they ended.
_children: dict[int, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """Enough to tell a process from a later one with the same number.

    Args:
        pid: Process number.
        created_at: When the system says the process started, unix seconds.
        host: Name of the computer it runs on.
        launched_at: When it was put to work, unix seconds by this computer's own clock.
    """

    pid: int
    created_at: float
    host: str
    launched_at: float

    @classmethod
    def of(cls, pid: int) -> "WorkerIdentity":
        """Describe the living process ``pid`` of this computer.

        Raises:
            psutil.NoSuchProcess: When it has just ended.
        """
        return cls(pid, psutil.Process(pid).create_time(), socket.gethostname(), time.time())

    @classmethod
    def of_this_process(cls) -> "WorkerIdentity":
        """Describe the program that is running this."""
        return cls.of(os.getpid())

    @classmethod
    def read(cls, folder: Path) -> "WorkerIdentity | None":
        """Return who last worked in a run's folder; None when nobody did or the file is damaged."""
        try:
            card = json.loads((folder / IDENTITY_NAME).read_text(encoding="utf-8"))
            numbers = float(card["created_at"]), float(card["launched_at"])
            return cls(int(card["pid"]), numbers[0], str(card["host"]), numbers[1])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Leave this identity in a run's folder."""
        with open(folder / IDENTITY_NAME, "w", encoding="utf-8", opener=private_opener) as file:
            json.dump(asdict(self), file)

    @staticmethod
    def remove(folder: Path) -> None:
        """Take the identity out of a run's folder: nobody works there any more."""
        (folder / IDENTITY_NAME).unlink(missing_ok=True)

    def find(self) -> psutil.Process | None:
        """Return the living process, or None when it has ended or runs elsewhere."""
        if self.host != socket.gethostname():
            return None
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created_at) < SAME_START_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


class WorkerProcess:
    """A worker that this program started or found alive.

    Args:
        run_id: The run it works on.
        identity: Which process it is.
        folder: The run's folder, where its log grows.
    """

    def __init__(self, run_id: int, identity: WorkerIdentity, folder: Path) -> None:
        self.run_id = run_id
        self.identity = identity
        self.folder = folder
        self._child = _children.get(identity.pid)

    @classmethod
    def launch(
        cls, run_id: int, command: Sequence[str], folder: Path, *, processes: int = 1
    ) -> "WorkerProcess":
        """Start a worker in a session of its own, its output appended to the run's log.

        Args:
            run_id: The run it works on.
            command: Its command line, the Python program first.
            folder: The run's folder.
            processes: How many of them train the run together, under ``torchrun``.

        Raises:
            OSError: When the process cannot be started or the log cannot be written.
        """
        with open(folder / LOG_NAME, "ab", opener=private_opener) as log:
            child = subprocess.Popen(
                together(command, processes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=worker_environment(processes),
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        _children[child.pid] = child
        identity = WorkerIdentity.of(child.pid)
        try:
            identity.write(folder)
        except OSError:
            # Nobody could find it again, so it must not live.
            child.kill()
            child.wait()
            raise
        return cls(run_id, identity, folder)

    @classmethod
    def adopt(cls, run_id: int, folder: Path) -> "WorkerProcess | None":
        """Return the worker that an earlier program left at work in this folder, or None."""
        identity = WorkerIdentity.read(folder)
        if identity is None or identity.find() is None:
            return None
        return cls(run_id, identity, folder)

    @property
    def is_alive(self) -> bool:
        """True while the process has not ended."""
        if self._child is not None:
            return self._child.poll() is None
        return self.identity.find() is not None

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, or minus the signal; None while alive and for another program's worker."""
        return self._child.poll() if self._child is not None else None

    def terminate(self) -> None:
        """Ask the worker and everything it started to end."""
        for process in self._tree():
            with suppress(psutil.Error):
                process.terminate()

    def kill(self) -> None:
        """End the worker and everything it started at once, also when the worker itself is gone."""
        for process in self._tree():
            with suppress(psutil.Error):
                process.kill()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the worker; True when it has ended."""
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def forget(self) -> None:
        """Drop what is kept about a worker that has ended."""
        if not self.is_alive:
            _children.pop(self.identity.pid, None)
            WorkerIdentity.remove(self.folder)

    def log_tail(self, lines: int = 80) -> str:
        """Return the last lines of the worker's output."""
        try:
            with (self.folder / LOG_NAME).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 16_384))
                text = log.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _tree(self) -> list[psutil.Process]:
        """Return the worker's descendants, the worker, and those of its session that lost their parent."""
        members: dict[int, psutil.Process] = {}
        root = self.identity.find()
        if root is not None:
            with suppress(psutil.Error):
                members = {child.pid: child for child in root.children(recursive=True)}
            members[root.pid] = root
        members |= {process.pid: process for process in _session_members(self.identity.pid)}
        # A job that runs in this program is never ended from here: that would end the program.
        members.pop(os.getpid(), None)
        return list(members.values())


def together(command: Sequence[str], processes: int) -> list[str]:
    """Return the command line that starts a command as several processes which find each other."""
    if processes == 1:
        return list(command)
    program, *rest = command
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return [program, *launcher, *rest]


def worker_environment(processes: int = 1) -> dict[str, str]:
    """Return the environment of a worker: ours, with the engine importable and the cards in our order.

    Several processes share the cores: else torchrun would give each a single one, and say so.

    The current folder is kept off the import path, so that a person's ``random.py`` is never run by accident.
    """
    environment = {**CARD_ORDER, **os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}
    environment["PYTHONSAFEPATH"] = "1"
    if processes > 1:
        environment.setdefault("OMP_NUM_THREADS", str(max((os.cpu_count() or 1) // processes, 1)))
    source = Path(engine.__file__).resolve().parents[1]
    if source.name not in ("site-packages", "dist-packages"):
        inherited = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = f"{source}{os.pathsep}{inherited}" if inherited else str(source)
    return environment


def _session_members(session: int) -> Iterable[psutil.Process]:
    """Yield the processes of the session that process ``session`` led."""
    if sys.platform == "win32":
        return
    for pid in psutil.pids():
        with suppress(OSError, psutil.Error):
            if os.getsid(pid) == session:
                yield psutil.Process(pid)
