"""Several processes that train one network: what a method must ask of the others.

Everything here is the identity in a run of one process. Processes are started by ``torchrun``; nothing of ours invents
a protocol.
"""

import torch
from torch import Tensor, distributed
from torch.distributed.nn.functional import all_gather


def is_alone() -> bool:
    """True when no other process trains the same network."""
    return world_size() == 1


def world_size() -> int:
    """W, processes that train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """Number of this process, 0..W-1; process 0 writes and judges."""
    return 0 if is_alone() else distributed.get_rank()


def gather_rows(rows: Tensor) -> Tensor:
    """Rows of all processes in order of rank, with gradient to the processes they came from.

    A gather without gradient trains a contrastive loss only half (SimCLR, official file tf2/objective.py gathers with).

    Args:
        rows: (B, D) of this process; every process has as many.

    Returns:
        (W * B, D).
    """
    return rows if is_alone() else torch.cat(all_gather(rows))


def mean_over_processes(value: Tensor) -> Tensor:
    """The mean of a tensor over all processes, without gradient."""
    if is_alone():
        return value
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total / world_size()
