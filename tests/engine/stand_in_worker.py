"""A worker that keeps the rules of a worker but trains nothing: the supervisor's tests start it as a real process.

The run's recipe says how it behaves: ``steps`` (how many, 0: forever), ``deaf`` (never reads commands), ``child``
(starts a process of its own), ``linger`` (its process stays so many seconds after the run's end), ``exit`` (ends with
this code at once), ``say`` (printed first).
"""

import argparse
import os
import subprocess
import sys
import time

from engine.store import CommandKind, RunStatus, beat, get_run, open_store, take_commands, update_run


def obey(store, run_id, command):
    """Follow one command; True when the worker has to end."""
    if command.kind is CommandKind.PAUSE and command.args.get("release"):
        update_run(store, run_id, status=RunStatus.PAUSED, pid=None)
        return True
    if command.kind is CommandKind.PAUSE:
        update_run(store, run_id, status=RunStatus.PAUSED)
    if command.kind is CommandKind.RESUME:
        update_run(store, run_id, status=RunStatus.RUNNING)
    if command.kind in (CommandKind.STOP, CommandKind.STOP_NOW):
        update_run(store, run_id, status=RunStatus.STOPPED, pid=None)
        return True
    return False


def work(store, run_id, behaviour):
    """Count steps until told otherwise."""
    step = get_run(store, run_id).step
    while not behaviour.get("steps") or step < behaviour["steps"]:
        commands = [] if behaviour.get("deaf") else take_commands(store, run_id)
        if any(obey(store, run_id, command) for command in commands):
            return
        if get_run(store, run_id).status is RunStatus.RUNNING:
            step += 1
            beat(store, run_id, step=step, epoch=float(step), images_seen=step)
        time.sleep(0.02)
    update_run(store, run_id, status=RunStatus.FINISHED, pid=None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store")
    parser.add_argument("--run-id", dest="run", type=int)
    arguments = parser.parse_args()
    store = open_store(arguments.store)
    if os.environ.get("RANK", "0") != "0":  # beside process 0 there is only its end to wait for
        while get_run(store, arguments.run).is_active:
            time.sleep(0.05)
        return
    behaviour = get_run(store, arguments.run).recipe
    print(behaviour.get("say", "at work"), flush=True)
    if "exit" in behaviour:
        sys.exit(behaviour["exit"])
    if behaviour.get("child"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (store.run_folder(arguments.run) / "child.pid").write_text(str(child.pid))
    update_run(store, arguments.run, status=RunStatus.RUNNING, pid=os.getpid())
    work(store, arguments.run, behaviour)
    time.sleep(behaviour.get("linger", 0))
    store.close()


if __name__ == "__main__":
    main()
