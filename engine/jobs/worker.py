"""The worker process: does one run, then ends. ``python -m engine.jobs.worker --store URL --run-id ID``.

Started by ``torchrun`` as several processes, they do it together: process 0 writes, judges and obeys commands, the
others follow it::

    python -m torch.distributed.run --standalone --nproc-per-node=2 -m engine.jobs.worker --store URL --run-id ID
"""

import argparse
import os
import sys

from engine.data.parent_watch import end_with_launcher
from engine.devices import devices_of_run
from engine.launched import launched_processes, launched_rank
from engine.store import RunStatus, Store, beat, get_run, open_store, update_run


def main(arguments: list[str] | None = None) -> int:
    """Do the run; 0 when it ended as asked, 1 when it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="path or URL of the store")
    # Torchrun would take "--run" for a beginning of its own "--run-path".
    parser.add_argument(
        "--run-id", "--run", dest="run", required=True, type=int, help="number of the run, claimed before"
    )
    options = parser.parse_args(arguments)
    if launched_processes() > 1:
        end_with_launcher()  # torchrun gives each process a session of its own: nothing else would end it
    store = open_store(options.store)
    try:
        rank = launched_rank()
        return _lead(store, options.run) if rank == 0 else _follow(store, options.run, rank)
    finally:
        store.close()


def _lead(store: Store, run_id: int) -> int:
    """Do the run, alone or as process 0 of several."""
    row = update_run(store, run_id, pid=os.getpid())
    beat(store, row.id, step=row.step, epoch=row.epoch, images_seen=row.images_seen, phase="loading torch")
    from engine.jobs.pretrain import run

    return 1 if run(store, run_id).status is RunStatus.FAILED else 0


def _follow(store: Store, run_id: int, rank: int) -> int:
    """Train beside process 0."""
    from engine.jobs.follower import follow

    device = devices_of_run(get_run(store, run_id).claimed_device, launched_processes())[rank]
    return 0 if follow(store, run_id, device) else 1


if __name__ == "__main__":
    sys.exit(main())
