"""Tells a worker's process from a later one with the same number, and a dead one at once.

A process number means something only where it was given: on one computer, since one start of it, in one container.
"""

import os
import socket
from functools import cache
from pathlib import Path

import psutil

# A process's start time is computed from the boot time, which moves by a second or so when the clock is set.
SAME_START_SECONDS = 5.0


def process_mark(pid: int, host: str) -> str:
    """Describe the living process ``pid`` of a computer; empty when it is not this one or has just ended."""
    if host != socket.gethostname():
        return ""
    try:
        return f"{psutil.Process(pid).create_time():.2f} {_space()}"
    except psutil.Error:
        return ""


def is_dead(pid: int | None, host: str, mark: str) -> bool:
    """Say whether a process is known to have ended; False where that cannot be known from here.

    Args:
        pid: Its number.
        host: Name of the computer it ran on.
        mark: What ``process_mark`` said of it.
    """
    started, _, space = mark.partition(" ")
    if pid is None or not started or host != socket.gethostname() or space != _space():
        return False
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - float(started)) < SAME_START_SECONDS
        return not is_same or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError, OverflowError):
        return False


@cache
def _space() -> str:
    """Name the space that process numbers of this process belong to; containers of one computer have several."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return "here"  # no containers of processes on other systems
