"""Networks that follow another one slowly: targets of BYOL, teachers of DINO."""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def frozen_copy(network: Network) -> Network:
    """Copy a network; nothing of the copy is trained."""
    copied = copy.deepcopy(network)
    return copied.requires_grad_(requires_grad=False)


@torch.no_grad()
def follow(target: nn.Module, online: nn.Module, momentum: float) -> None:
    """Move the target's parameters towards the online network's: target = momentum * target + (1 - momentum) * online.

    Parameters only: batch-norm statistics stay the target's own, as in BYOL (byol_experiment.py) and DINO
    (main_dino.py). Call it from ``Method.after_step``, with the weights the optimizer has just changed.

    Args:
        target: The network that follows; same architecture as ``online``.
        online: The network that is trained.
        momentum: Share of the old target that is kept, 0..1.
    """
    followers: list[Tensor] = list(target.parameters())
    leaders: list[Tensor] = list(online.parameters())
    torch._foreach_lerp_(followers, leaders, 1 - momentum)  # one kernel for all of them on a GPU
