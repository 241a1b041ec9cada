"""Two gloo processes for tests: each runs a function on its rank, and hands back what it returns."""

import socket

import torch
from torch import distributed, multiprocessing

PROCESSES = 2


def _one(rank, function, port, folder, arguments):
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=PROCESSES)
    torch.save(function(rank, *arguments), folder / f"{rank}.pt")
    distributed.destroy_process_group()


def in_two_processes(function, folder, *arguments):
    """What ``function(rank, *arguments)`` returned in process 0 and in process 1; it must be importable."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(_one, (function, port, folder, arguments), nprocs=PROCESSES)
    return [torch.load(folder / f"{rank}.pt") for rank in range(PROCESSES)]
