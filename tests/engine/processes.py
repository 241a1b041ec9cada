"""Two gloo processes for tests: each runs a function on its rank, and hands back what it returns.

They stay for the next test, for a process takes seconds to load torch and the function only a fraction of one.
"""

import functools
import multiprocessing
import socket
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait

import torch
from torch import distributed

PROCESSES = 2


@functools.cache
def _processes():
    spawn = multiprocessing.get_context("spawn")
    return [ProcessPoolExecutor(1, spawn, torch.set_num_threads, (1,)) for _ in range(PROCESSES)]


def _one(rank, function, port, folder, arguments):
    address = f"tcp://127.0.0.1:{port}"
    distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=PROCESSES)
    try:
        torch.save(function(rank, *arguments), folder / f"{rank}.pt")
    finally:
        distributed.destroy_process_group()


def in_two_processes(function, folder, *arguments):
    """What ``function(rank, *arguments)`` returned in process 0 and in process 1; it must be importable."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shares = [
        process.submit(_one, rank, function, port, folder, arguments)
        for rank, process in enumerate(_processes())
    ]
    _, waiting = wait(shares, return_when=FIRST_EXCEPTION)
    if waiting:  # for one that has failed
        _give_up()
    for share in shares:
        share.result()
    return [torch.load(folder / f"{rank}.pt") for rank in range(PROCESSES)]


def _give_up():
    for pool in _processes():
        for process in list(pool._processes.values()):
            process.kill()
        pool.shutdown(wait=False)
    _processes.cache_clear()
