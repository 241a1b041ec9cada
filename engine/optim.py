"""From a method's parameters to an optimizer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from engine.recipe import TrainingSettings


@dataclass(frozen=True)
class ParamGroup:
    """Parameters that share their treatment.

    Args:
        name: Shown in the log.
        params: The parameters, in a stable order.
        weight_decay: True when the run's weight decay applies.
        lr_scale: Factor on the run's learning rate.
    """

    name: str
    params: list[nn.Parameter]
    weight_decay: bool
    lr_scale: float = 1.0


def split_decay(named_parameters: Iterable[tuple[str, nn.Parameter]]) -> list[ParamGroup]:
    """Split trainable parameters: matrices and tokens decay, vectors and biases do not.

    Follows timm 0.3.2 ``add_weight_decay`` with an empty skip list, as MAE's official main_pretrain.py calls it: class
    and mask tokens, which have three axes, do decay.
    """
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in named_parameters:
        if parameter.requires_grad:
            (plain if parameter.ndim == 1 or name.endswith(".bias") else decayed).append(parameter)
    return [
        ParamGroup("decayed", decayed, weight_decay=True),
        ParamGroup("not decayed", plain, weight_decay=False),
    ]


def make_optimizer(groups: list[ParamGroup], training: TrainingSettings) -> torch.optim.Optimizer:
    """AdamW over a method's groups; fused where every weight is on a CUDA device."""
    on_cuda = all(parameter.is_cuda for group in groups for parameter in group.params)
    described: list[dict[str, Any]] = [
        {
            "params": group.params,
            "weight_decay": training.weight_decay if group.weight_decay else 0.0,
            "lr_scale": group.lr_scale,
        }
        for group in groups
    ]
    return torch.optim.AdamW(described, lr=0.0, betas=(training.beta1, training.beta2), fused=on_cuda)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Write the learning rate into every group, times the group's own scale."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["lr_scale"]


def clip_each(parameters: Iterable[nn.Parameter], limit: float) -> None:
    """Clip every parameter's gradient by its own norm (DINO, official file utils.py)."""
    for parameter in parameters:
        if parameter.grad is not None:
            coefficient = limit / (parameter.grad.norm() + 1e-6)
            parameter.grad.mul_(coefficient.clamp(max=1.0))
