"""The worker process: does one run, then ends. ``python -m engine.jobs.worker --store URL --run-id ID``.

Started by ``torchrun`` as several processes, they do it together: process 0 writes, judges and obeys commands, the
others follow it::

    python -m torch.distributed.run --standalone --nproc-per-node=2 -m engine.jobs.worker --store URL --run-id ID
"""

import argparse
import os
import socket
import sys
import time

from engine.data.parent_watch import end_with_launcher
from engine.devices import devices_of_run, resolve_device
from engine.errors import EngineError, SettingsError
from engine.launched import launched_processes, launched_rank
from engine.store import Run, RunStatus, Store, beat, claim_run, get_run, open_store, update_run
from engine.store.private import write_privately

UNCLAIMED = (RunStatus.QUEUED, RunStatus.DRAFT)
CLAIM_SECONDS = 60.0  # process 0 claims as soon as it has loaded


def main(arguments: list[str] | None = None) -> int:
    """Do the run; 0 when it ended as asked, 1 when it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="path or URL of the store")
    # Torchrun would take "--run" for a beginning of its own "--run-path".
    parser.add_argument(
        "--run-id",
        "--run",
        dest="run",
        required=True,
        type=int,
        help="number of a run that waits or is claimed",
    )
    options = parser.parse_args(arguments)
    write_privately()
    if launched_processes() > 1:
        end_with_launcher()  # torchrun gives each process a session of its own: nothing else would end it
    store = open_store(options.store)
    try:
        rank = launched_rank()
        return _lead(store, options.run) if rank == 0 else _follow(store, options.run, rank)
    except EngineError as problem:
        print(f"{problem.message} {problem.fix}".strip(), file=sys.stderr)  # noqa: T201 (a command's last words)
        return 1
    finally:
        store.close()


def _lead(store: Store, run_id: int) -> int:
    """Do the run, alone or as process 0 of several."""
    _claim(store, get_run(store, run_id))
    row = update_run(store, run_id, pid=os.getpid())
    beat(store, row.id, step=row.step, epoch=row.epoch, images_seen=row.images_seen, phase="loading torch")
    from engine.jobs.pretrain import run

    return 1 if run(store, run_id).status is RunStatus.FAILED else 0


def _claim(store: Store, run: Run) -> None:
    """Take a run that still waits, as one started by hand does; the engine has claimed its own before.

    Raises:
        SettingsError: When somebody else took it in this moment.
        DeviceError: When this computer has no such device.
    """
    if run.status not in UNCLAIMED:
        return
    device = resolve_device(run.device)
    if claim_run(store, device=device, host=socket.gethostname(), run_id=run.id) is None:
        raise SettingsError(
            f"Run {run.id} was taken by another engine.", "Watch it there, or start another run."
        )


def _follow(store: Store, run_id: int, rank: int) -> int:
    """Train beside process 0, which claims a run that waits."""
    from engine.jobs.follower import follow

    end = time.monotonic() + CLAIM_SECONDS
    while (run := get_run(store, run_id)).status in UNCLAIMED and time.monotonic() < end:
        time.sleep(0.1)
    device = devices_of_run(run.claimed_device, launched_processes())[rank]
    return 0 if follow(store, run_id, device) else 1


if __name__ == "__main__":
    sys.exit(main())
