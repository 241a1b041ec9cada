"""Make a process of ours end when the one that started it is gone, even by kill -9.

Under a fork server neither multiprocessing nor torch notices: they watch the server, which lives as long as its
children.
"""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Watch, in a thread that costs nothing, for the end of the process that started this one."""
    if multiprocessing.parent_process() is not None:
        threading.Thread(target=_wait_and_end, name="parent watch", daemon=True).start()


def _wait_and_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # No clean-up: there is nobody left to hand results to, and the main thread may be waiting for one.
        os._exit(1)
