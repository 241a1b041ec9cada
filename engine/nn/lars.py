"""LARS as the linear probes of MAE use it."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling with momentum.

    Follows You et al., https://arxiv.org/abs/1708.03888, and MAE's official file util/lars.py: weight decay and the
    trust ratio apply to parameters of two or more axes only; the learning rate is outside the momentum buffer.

    Args:
        params: What to train.
        lr: Learning rate.
        weight_decay: Added to the gradient before the trust ratio.
        momentum: Share of the last direction kept.
        trust_coefficient: Factor of the ratio of norms.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float,
        *,
        weight_decay: float = 0.0,
        momentum: float = 0.9,
        trust_coefficient: float = 0.001,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "trust_coefficient": trust_coefficient,
        }
        super().__init__(params, defaults)

    @override
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, _direction(parameter, parameter.grad, group), group)

    def _move(self, parameter: Tensor, direction: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].mul_(group["momentum"]).add_(direction)
        parameter.add_(state["momentum"], alpha=-group["lr"])


def _direction(parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
    if parameter.ndim < 2:
        return gradient
    gradient = gradient.add(parameter, alpha=group["weight_decay"])
    weight_norm, gradient_norm = parameter.norm(), gradient.norm()
    if weight_norm > 0 and gradient_norm > 0:
        trust: Tensor = group["trust_coefficient"] * weight_norm / gradient_norm
        return gradient * trust
    return gradient
