"""Make a process of ours end when the one that started it is gone, even by kill -9.

Under a fork server neither multiprocessing nor torch notices: they watch the server, which lives as long as its
children.
"""

import multiprocessing
import os
import threading
import time

import psutil

POLL_SECONDS = 0.3


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


def end_with_launcher() -> None:
    """Watch for the end of the program that started this process, be it one of ours or not."""
    launcher = os.getppid()
    threading.Thread(target=_poll_and_end, args=(launcher,), name="launcher watch", daemon=True).start()


def _poll_and_end(launcher: int) -> None:
    # Where a process that lost its parent gets another one, that shows at once; elsewhere the old number is dead.
    while os.getppid() == launcher and (os.name == "posix" or psutil.pid_exists(launcher)):
        time.sleep(POLL_SECONDS)
    os._exit(1)
