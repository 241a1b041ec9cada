"""The first signal asks, the second ends: whatever the main thread does, and with everything it started."""

import signal
import subprocess
import sys
import textwrap

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

# A lock of C that no handler of Python gets into, as in a read from a disk that does not answer.
STUCK = """
    import ctypes, subprocess, sys
    from engine.commands.end_signals import EndSignals

    def first():
        print("asked", flush=True)

    def second():
        print("ending", flush=True)
        return True

    with EndSignals(first, second):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        print("ready", flush=True)
        ctypes.CDLL(None).poll(None, 0, 300_000)
        ctypes.CDLL(None).poll(None, 0, 300_000)
        ctypes.CDLL(None).poll(None, 0, 300_000)
    """
PLAIN = """
    import time
    from engine.commands.end_signals import EndSignals

    with EndSignals():
        try:
            print("ready", flush=True)
            time.sleep(300)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """


def start(program):
    command = [sys.executable, "-c", textwrap.dedent(program)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_second_ends_what_hangs_with_its_children(number):
    process = start(STUCK)
    children = psutil.Process(process.pid).children()
    assert len(children) == 1
    process.send_signal(number)
    assert process.stdout.readline() == "asked\n"
    assert process.poll() is None
    process.send_signal(number)
    assert process.stdout.readline() == "ending\n"
    assert process.wait(20) == 130
    assert psutil.wait_procs(children, timeout=10)[1] == []
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_without_a_wish_the_first_interrupts(number):
    process = start(PLAIN)
    process.send_signal(number)
    assert process.stdout.readline() == "interrupted\n"
    assert process.wait(20) == 0
    process.stdout.close()
