"""The workers at work on one store: claim runs, start workers, find them again, settle what they leave.

Everything is decided from rows, files and living processes, so a crew that follows one that crashed knows as much
as the one before.
"""

import importlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from engine.devices import AUTO, CPU, device_matches, devices_of_run
from engine.errors import EngineError, StoreError
from engine.store import (
    CommandKind,
    Level,
    Run,
    RunStatus,
    Store,
    add_event,
    claim_run,
    events_after,
    get_run,
    list_runs,
    lost_runs,
    queued_runs,
    send_command,
    update_run,
)
from engine.supervisor.fitness import processes_of, why_unfit
from engine.supervisor.watch import Watch
from engine.supervisor.worker_exit import RESUME, Explanation, explain_exit
from engine.supervisor.worker_process import WorkerIdentity, WorkerProcess

ACTIVE = (RunStatus.STARTING, RunStatus.RUNNING, RunStatus.PAUSED)
SURVEY_SECONDS = 2.0
END_SECONDS = 5.0


class Crew:
    """The workers of one store on this computer.

    Args:
        store: Where runs are claimed.
        devices: Names of the devices that take runs, the preferred one first; each takes one run at a time.
        command: Command line of a worker, completed with ``--store`` and ``--run-id``; None runs jobs right here.
        grace_seconds: How long a worker may take to obey "stop now" by itself.

    Attributes:
        is_idle: True when nobody works and no queued run could be started here.
        job_run_id: The run whose job is running right here.
    """

    def __init__(
        self, store: Store, *, devices: Sequence[str], command: Sequence[str] | None, grace_seconds: float
    ) -> None:
        self._store = store
        self._devices = list(devices)
        self._command = command
        self._grace_seconds = grace_seconds
        self._host = socket.gethostname()
        self._watches: dict[int, Watch] = {}
        self._version = -1
        self._surveyed_at = -SURVEY_SECONDS
        self._reported: set[int] = set()
        self.is_idle = False
        self.job_run_id: int | None = None

    def tick(self) -> None:
        """Do whatever is to be done now; called a few times a second."""
        for watch in [watch for watch in self._watches.values() if not watch.process.is_alive]:
            self._settle(watch)
        version = self._store.data_version()
        is_due = time.monotonic() - self._surveyed_at >= SURVEY_SECONDS
        if version == self._version and not is_due:
            return
        self._version = version
        if is_due:
            self._survey()
        active = self._active_runs()
        for watch in self._watches.values():
            watch.escalate(self._store)
            if watch.run_id in active:
                watch.listen(self._store, active[watch.run_id])
        self._claim()
        self.is_idle = not self._watches and not any(self._claimable(self._devices))

    def pause_all(self, timeout: float) -> bool:
        """Ask every worker to save, leave its device and end; True when all did in time."""
        for watch in self._watches.values():
            with suppress(StoreError):  # it has come to its end, and only its process is still there
                send_command(self._store, watch.run_id, CommandKind.PAUSE, release=True)
        deadline = time.monotonic() + timeout
        while self._watches and time.monotonic() < deadline:
            for watch in [watch for watch in self._watches.values() if not watch.process.is_alive]:
                self._settle(watch)
            time.sleep(0.05)
        return not self._watches

    def _survey(self) -> None:
        """Take what others started on this computer under watch, settle what died, report what is lost."""
        self._surveyed_at = time.monotonic()
        for run in self._active_runs().values():
            if run.id in self._watches or run.host != self._host or _is_released(run):
                continue
            folder = self._store.run_folder(run.id)
            identity = WorkerIdentity.read(folder)
            if identity is None:
                continue
            devices = devices_of_run(run.claimed_device, processes_of(run))
            watch = Watch(WorkerProcess(run.id, identity, folder), devices, self._grace_seconds)
            self._watches[run.id] = watch
            if not watch.process.is_alive:
                self._settle(watch)
        for run in lost_runs(self._store):
            if run.id not in self._watches and run.id not in self._reported:
                self._reported.add(run.id)
                _report_lost(self._store, run)

    def _claim(self) -> None:
        """Start a run on every free device that one of the queued runs wants, if need be with others of its kind."""
        for queued in queued_runs(self._store):
            why = why_unfit(queued)
            if why is not None:
                _fail(self._store, queued, why)
        for device in self._devices:
            busy = self._busy_devices()
            run = next(self._claimable([device]), None) if device not in busy else None
            # One that waits for more cards is not overtaken on those it could have: it would wait for ever.
            if run is None or busy.intersection(devices_of_run(device, processes_of(run))):
                continue
            claimed = claim_run(
                self._store,
                device=device,
                host=self._host,
                takes_auto=_kind(device) == _kind(self._devices[0]),
                run_id=run.id,
            )
            if claimed is not None:
                self._start(claimed, device)

    def _busy_devices(self) -> set[str]:
        return {device for watch in self._watches.values() for device in watch.devices}

    def _claimable(self, devices: Sequence[str]) -> Iterator[Run]:
        """Yield the queued runs that one of these devices would take."""
        for run in queued_runs(self._store):
            if any(self._takes(device, run) for device in devices):
                yield run
            elif run.id not in self._reported and not any(
                self._takes(device, run) for device in self._devices
            ):
                self._reported.add(run.id)
                _report_homeless(self._store, run, self._devices)

    def _takes(self, device: str, run: Run) -> bool:
        """Say whether a device takes a run; one without a wish waits for the kind of device that is fastest."""
        processes = processes_of(run)
        if processes > 1 and _kind(device) != CPU and not self._has_cards(device, processes):
            return False
        if run.device == AUTO:
            return _kind(device) == _kind(self._devices[0])
        return device_matches(run.device, device)

    def _has_cards(self, first: str, processes: int) -> bool:
        """True when there is a card for each process, from this one on."""
        return _kind(first) == "cuda" and set(devices_of_run(first, processes)) <= set(self._devices)

    def _start(self, run: Run, device: str) -> None:
        """Put a worker on a claimed run, or end the run in words."""
        try:
            folder = self._store.run_folder(run.id)
            _end_earlier(run, folder)
            if self._command is None:
                self._run_here(run, folder)
            else:
                self._launch(run, device, folder, self._command)
        except EngineError as error:
            _fail(self._store, run, Explanation(error.message, error.fix))
        except OSError as error:
            message = f"The training process cannot start: {error.strerror or error}."
            fix = "Look at the disk and the installation, then resume the run."
            _fail(self._store, run, Explanation(message, fix))

    def _launch(self, run: Run, device: str, folder: Path, command: Sequence[str]) -> None:
        options = ["--store", self._store.url, "--run-id", str(run.id)]
        processes = processes_of(run)
        process = WorkerProcess.launch(run.id, [*command, *options], folder, processes=processes)
        self._watches[run.id] = Watch(process, devices_of_run(device, processes), self._grace_seconds)
        update_run(self._store, run.id, pid=process.identity.pid)

    def _run_here(self, run: Run, folder: Path) -> None:
        """Run the job in this very thread; for tests and debuggers."""
        # By name, because what the window imports must not reach torch by an import statement.
        job = importlib.import_module("engine.jobs.pretrain")
        WorkerIdentity.of_this_process().write(folder)
        # Without a process a pause in place would look like one that left the device.
        update_run(self._store, run.id, pid=os.getpid())
        self.job_run_id = run.id
        try:
            job.run(self._store, run.id)
        finally:
            self.job_run_id = None
            WorkerIdentity.remove(folder)

    def _settle(self, watch: Watch) -> None:
        """Clean up after a worker that ended, and say why when it did not say so itself.

        The watch is given up last, so that a store that cannot be written now is asked again.
        """
        watch.process.kill()
        run = self._active_runs().get(watch.run_id)
        if run is not None and not _is_released(run):
            self._tell_end(run, watch)
        watch.process.forget()
        del self._watches[watch.run_id]

    def _tell_end(self, run: Run, watch: Watch) -> None:
        """Write down the end of a worker that left its run unfinished."""
        if watch.asked_to_end:
            update_run(self._store, run.id, status=RunStatus.STOPPED, pid=None)
            add_event(self._store, run.id, Level.WARNING, f"Stopped at once. {RESUME}", step=run.step)
            return
        log_tail = watch.process.log_tail()
        _fail(self._store, run, explain_exit(watch.process.exit_code, log_tail), log_tail)

    def _active_runs(self) -> dict[int, Run]:
        return {run.id: run for run in list_runs(self._store, statuses=ACTIVE)}


def _kind(device: str) -> str:
    """The kind of a device: "cuda" for "cuda:1"."""
    return device.partition(":")[0]


def _is_released(run: Run) -> bool:
    """True when a paused run has left its device and has no worker."""
    return run.status is RunStatus.PAUSED and run.pid is None


def _end_earlier(run: Run, folder: Path) -> None:
    """End a worker that was given up as lost but still lives: it would write into the same run."""
    earlier = WorkerProcess.adopt(run.id, folder)
    if earlier is not None:
        earlier.kill()
        earlier.wait(END_SECONDS)


def _fail(store: Store, run: Run, why: Explanation, detail: str = "") -> None:
    """End a run as failed, with the reason on its row and in its log, unless it has ended already."""
    if get_run(store, run.id).status in (*ACTIVE, RunStatus.QUEUED):
        update_run(store, run.id, status=RunStatus.FAILED, error=why.message, error_fix=why.fix, pid=None)
    add_event(store, run.id, Level.ERROR, f"{why.message} {why.fix}", detail=detail, step=run.step)


def _report_lost(store: Store, run: Run) -> None:
    """Say that nobody answers for a run whose process cannot be looked at from here."""
    place = f"on the computer '{run.host}'" if run.host else "anywhere"
    message = f"No worker {place} answers for '{run.name}' any more. {RESUME}"
    since = run.heartbeat_at or run.created_at
    said = events_after(store, run_id=run.id, limit=100_000)
    if any(event.message == message and event.wall > since for event in said):
        return
    add_event(store, run.id, Level.ALARM, message, step=run.step)


def _report_homeless(store: Store, run: Run, devices: Sequence[str]) -> None:
    """Say that a queued run waits for a device that this computer does not have."""
    wanted = (
        f"the device {run.device}"
        if processes_of(run) == 1
        else f"{processes_of(run)} devices ({run.device})"
    )
    message = f"'{run.name}' waits for {wanted}; this computer has {', '.join(devices)}."
    add_event(store, run.id, Level.WARNING, message)
