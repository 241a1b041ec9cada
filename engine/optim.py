"""From a method's parameters to an optimizer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from engine.nn.lars import LARS, MomentumForm
from engine.nn.vit import ViTEncoder
from engine.recipe import TrainingSettings

UNDECAYED_TOKENS = ("pos_embed", "cls_token")  # official file models_vit.py, no_weight_decay


@dataclass(frozen=True)
class ParamGroup:
    """Parameters that share their treatment.

    Args:
        params: The parameters, in a stable order.
        weight_decay: True when the run's weight decay applies.
        lr_scale: Factor on the run's learning rate.
    """

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
        ParamGroup(decayed, weight_decay=True),
        ParamGroup(plain, weight_decay=False),
    ]


def split_by_layer(
    encoder: ViTEncoder, others: Iterable[tuple[str, nn.Parameter]], layer_decay: float
) -> list[ParamGroup]:
    """Split the parameters of a classifier for fine-tuning: the deeper a layer, the higher its learning rate.

    Follows MAE, official file util/lr_decay.py: tokens, positions and patch embedding are layer 0, block i is layer
    i + 1, all else the last; a layer's rate is layer_decay ** (layers above it). Vectors, biases, positions and the
    class token do not decay.

    Args:
        encoder: The encoder.
        others: Named parameters outside its blocks and embedding, such as a new norm and the head.
        layer_decay: Factor from one layer to the one below, 0..1.
    """
    depth = len(encoder.vit.blocks)
    named = [
        (name, parameter, _layer_of(name, depth)) for name, parameter in encoder.network.named_parameters()
    ]
    named += [(name, parameter, depth + 1) for name, parameter in others]
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter, layer in named:
        decays = parameter.ndim > 1 and name not in UNDECAYED_TOKENS
        if parameter.requires_grad:
            groups.setdefault((layer, decays), []).append(parameter)
    return [
        ParamGroup(params, weight_decay=decays, lr_scale=layer_decay ** (depth + 1 - layer))
        for (layer, decays), params in groups.items()
    ]


def _layer_of(name: str, depth: int) -> int:
    if name.startswith(("cls_token", "pos_embed", "patch_embed")):
        return 0
    return int(name.split(".")[1]) + 1 if name.startswith("blocks.") else depth + 1


def make_optimizer(groups: list[ParamGroup], training: TrainingSettings) -> torch.optim.Optimizer:
    """The optimizer that the settings name, over a method's groups; fused where every weight is on a CUDA device."""
    described: list[dict[str, Any]] = [
        {
            "params": group.params,
            "weight_decay": training.weight_decay if group.weight_decay else 0.0,
            "decays": group.weight_decay,
            "lr_scale": group.lr_scale,
        }
        for group in groups
    ]
    on_cuda = all(parameter.is_cuda for group in groups for parameter in group.params)
    if training.optimizer == "sgd":
        return torch.optim.SGD(
            described, lr=0.0, momentum=training.momentum, nesterov=training.nesterov, fused=on_cuda
        )
    if training.optimizer == "lars":
        form: MomentumForm = "rate_inside" if training.lr_in_momentum else "rate_outside"
        return LARS(described, 0.0, momentum=training.momentum, form=form, nesterov=training.nesterov)
    return torch.optim.AdamW(described, lr=0.0, betas=(training.beta1, training.beta2), fused=on_cuda)


def set_rates(optimizer: torch.optim.Optimizer, lr: float, weight_decay: float) -> None:
    """Write the learning rate, times the group's own scale, into every group and the weight decay where it applies."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["lr_scale"]
        group["weight_decay"] = weight_decay if group["decays"] else 0.0


def clip_each(parameters: Iterable[nn.Parameter], limit: float) -> None:
    """Clip every parameter's gradient by its own norm (DINO, official file utils.py)."""
    for parameter in parameters:
        if parameter.grad is not None:
            coefficient = limit / (parameter.grad.norm() + 1e-6)
            parameter.grad.mul_(coefficient.clamp(max=1.0))
