"""The worker process: does one run, then ends. ``python -m engine.jobs.worker --store URL --run ID``."""

import argparse
import os
import sys

from engine.store import RunStatus, beat, open_store, update_run


def main(arguments: list[str] | None = None) -> int:
    """Do the run; 0 when it ended as asked, 1 when it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="path or URL of the store")
    parser.add_argument("--run", required=True, type=int, help="number of the run, which was claimed before")
    options = parser.parse_args(arguments)
    store = open_store(options.store)
    try:
        row = update_run(store, options.run, pid=os.getpid())
        beat(
            store, row.id, step=row.step, epoch=row.epoch, images_seen=row.images_seen, phase="loading torch"
        )
        from engine.jobs.pretrain import run

        done = run(store, row.id)
    finally:
        store.close()
    return 1 if done.status is RunStatus.FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
