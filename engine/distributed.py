"""Several processes that train one network: what a method, the trainer and a job must ask of the others.

Everything here is the identity in a run of one process. Processes are started by ``torchrun``; nothing of ours invents
a protocol.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed
from torch.autograd.function import FunctionCtx
from typing_extensions import override

from engine.errors import TrainingError
from engine.launched import launched_processes

# How long a process waits for the others: process 0 judges and saves meanwhile. One that dies ends all at once, for
# torchrun watches them; this is for one that hangs.
PATIENCE = timedelta(hours=2)


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join the processes that torchrun started with this one, for a block; nothing when it was not torchrun.

    Processes on a CPU share its cores.

    Args:
        device: What this process computes on; no other process of the run has the same graphics card.

    Raises:
        TrainingError: When another process has ended meanwhile.
    """
    if launched_processes() == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(max((os.cpu_count() or 1) // launched_processes(), 1))
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield
    except RuntimeError as problem:
        if isinstance(problem, distributed.DistError) or "gloo" in str(problem):
            raise TrainingError(
                "Another process of this run has ended.", "Its log says why; resume the run to try again."
            ) from problem
        raise
    finally:
        distributed.destroy_process_group()


def is_alone() -> bool:
    """True when no other process trains the same network."""
    return world_size() == 1


def world_size() -> int:
    """W, processes that train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """Number of this process, 0..W-1; process 0 writes and judges."""
    return 0 if is_alone() else distributed.get_rank()


class _Sum(torch.autograd.Function):
    """Sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    @override
    def forward(ctx: FunctionCtx, value: Tensor) -> Tensor:
        total = value.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    @override
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total


class _Gather(torch.autograd.Function):
    """Rows of all processes; the gradient of a row is the sum of what all processes have for it."""

    @staticmethod
    @override
    def forward(ctx: FunctionCtx, rows: Tensor) -> Tensor:
        gathered = [torch.empty_like(rows) for _ in range(world_size())]
        distributed.all_gather(gathered, rows.contiguous())
        return torch.cat(gathered)

    @staticmethod
    @override
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total.chunk(world_size())[rank()]


def gather_rows(rows: Tensor) -> Tensor:
    """Rows of all processes in order of rank, with gradient to the processes they came from.

    A gather without gradient trains a contrastive loss only half (SimCLR, official file tf2/objective.py gathers with).

    Args:
        rows: (B, D) of this process; every process has as many.

    Returns:
        (W * B, D).
    """
    if is_alone():
        return rows
    gathered: Tensor = _Gather.apply(rows)
    return gathered


def mean_with_gradient(value: Tensor) -> Tensor:
    """The mean of a tensor over all processes, with gradient to all of them."""
    if is_alone():
        return value
    total: Tensor = _Sum.apply(value)
    return total / world_size()


def mean_over_processes(value: Tensor) -> Tensor:
    """The mean of a tensor over all processes, without gradient."""
    if is_alone():
        return value
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total / world_size()


def mean_of_each(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """The mean over all processes of each scalar, in one exchange; the scalars themselves in a run of one process."""
    if is_alone() or not values:
        return values
    means = mean_over_processes(torch.stack([value.float() for value in values.values()]))
    return dict(zip(values, means.unbind(), strict=True))


def from_first(value: Any) -> Any:
    """The plain value that process 0 gives; what the others give is ignored."""
    if is_alone():
        return value
    held = [value]
    distributed.broadcast_object_list(held, src=0, device=torch.device("cpu"))
    return held[0]


def from_all(value: Any) -> list[Any]:
    """The plain value of every process, in order of rank."""
    if is_alone():
        return [value]
    held: list[Any] = [None] * world_size()
    distributed.all_gather_object(held, value)
    return held


def largest_of(numbers: list[int]) -> list[int]:
    """The largest over all processes of each whole number: cheap enough for every step."""
    if is_alone():
        return numbers
    held = torch.tensor(numbers, dtype=torch.int64)
    distributed.all_reduce(held, distributed.ReduceOp.MAX)
    return held.tolist()


def wait_for_all() -> None:
    """Wait until every process is here."""
    if not is_alone():
        largest_of([0])
