"""Why a worker ended without saying so, in words, from its exit code and the end of its log."""

import re
import signal
from typing import NamedTuple

RESUME = "Resume the run: it goes on from its last checkpoint."
SMALLER = "Resume it with a smaller batch size, smaller pictures or fewer loader processes."
_OUT_OF_MEMORY = re.compile(r"out of memory|OutOfMemoryError|MemoryError|not enough memory", re.IGNORECASE)
# What torchrun writes when one of several processes ends; it then ends the others and itself with code 1.
_LAUNCHER_LINE = re.compile(r"^[EWI]\d{4} .*torch/distributed/elastic", re.MULTILINE)
_PROCESS_CODE = re.compile(r"failed \(exitcode: (-?\d+)\)")
_DISK_FULL = re.compile(r"No space left on device|database or disk is full", re.IGNORECASE)


class Explanation(NamedTuple):
    """What happened, and what to do about it, one sentence each."""

    message: str
    fix: str


def explain_exit(exit_code: int | None, log_tail: str) -> Explanation:
    """Return why a worker died that left its run unfinished.

    Args:
        exit_code: What the process returned, minus the signal that ended it, or None when nobody saw it.
        log_tail: The end of its output.
    """
    first_failed = _PROCESS_CODE.search(log_tail)
    if first_failed is not None:
        exit_code = int(first_failed.group(1))
        log_tail = _LAUNCHER_LINE.split(log_tail)[0]
    if exit_code == -9:
        # Nothing but the system and the person sends signal 9; which of them it was cannot be read anywhere.
        return Explanation(
            "The training process was killed, as the system does when memory runs out (signal 9).",
            f"{RESUME} If it is killed again, lower the batch size or the number of loader processes.",
        )
    if _DISK_FULL.search(log_tail):
        return Explanation("The disk is full.", f"Make room on it. {RESUME}")
    if _OUT_OF_MEMORY.search(log_tail):
        return Explanation("The memory of the device ran out.", SMALLER)
    return Explanation(_plain_message(exit_code, log_tail), RESUME)


def _plain_message(exit_code: int | None, log_tail: str) -> str:
    """Describe an end that the log does not explain by itself."""
    last = next((line.strip() for line in reversed(log_tail.splitlines()) if line.strip()), "")
    said = f": {last[:200]}" if last else ", and its log is empty"
    if exit_code is None:
        return "The training process ended while no studio was watching it, perhaps in a crash or a restart."
    if exit_code < 0:
        return f"The training process was ended by {_signal_name(-exit_code)}{said}."
    if exit_code == 0:
        return f"The training process ended before its run did{said}."
    return f"The training process ended with exit code {exit_code}{said}."


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
