"""LARS in the forms that the official codes of MAE, DINO, BYOL and SimCLR use."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

MomentumForm = Literal["rate_outside", "rate_inside", "trust_on_update"]


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling with momentum.

    Follows You et al., https://arxiv.org/abs/1708.03888. Weight decay is part of the gradient before the trust ratio,
    and the ratio is 1 where a norm is 0. The forms of momentum agree while the learning rate is constant:

    - "rate_outside": the buffer holds adapted gradients (MAE util/lars.py, DINO utils.py, BYOL utils/optimizers.py).
    - "rate_inside": the buffer holds steps, learning rate included (SimCLR lars_optimizer.py, classic_momentum).
    - "trust_on_update": the ratio is taken on the momentum's update (SimCLR, classic_momentum False).

    Args:
        params: What to train.
        lr: Learning rate.
        weight_decay: Added to the gradient before the trust ratio.
        momentum: Share of the last direction kept.
        trust_coefficient: Factor of the ratio of norms; eta, eeta.
        form: See above.
        nesterov: Look one step ahead (SimCLR, use_nesterov).
        adapt_vectors: True treats parameters of one axis as all others; the official recipes leave them alone, without
            decay and without ratio.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float,
        *,
        weight_decay: float = 0.0,
        momentum: float = 0.9,
        trust_coefficient: float = 0.001,
        form: MomentumForm = "rate_outside",
        nesterov: bool = False,
        adapt_vectors: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "trust_coefficient": trust_coefficient,
            "form": form,
            "nesterov": nesterov,
            "adapt_vectors": adapt_vectors,
        }
        super().__init__(params, defaults)

    @override
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def _move(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        buffer, momentum, lr = state["momentum"], group["momentum"], group["lr"]
        adapts = parameter.ndim > 1 or group["adapt_vectors"]
        if adapts:
            gradient = gradient.add(parameter, alpha=group["weight_decay"])
        if group["form"] == "trust_on_update":
            buffer.mul_(momentum).add_(gradient)
            update = gradient + momentum * buffer if group["nesterov"] else buffer
            parameter.sub_(lr * _trust(parameter, update, group, adapts=adapts) * update)
            return
        inside = group["form"] == "rate_inside"
        step = gradient * _trust(parameter, gradient, group, adapts=adapts) * (lr if inside else 1.0)
        buffer.mul_(momentum).add_(step)
        update = step + momentum * buffer if group["nesterov"] else buffer
        parameter.sub_(update, alpha=1.0 if inside else lr)


def _trust(parameter: Tensor, direction: Tensor, group: dict[str, Any], *, adapts: bool) -> Tensor:
    """The trust ratio, on the device; 1 for what is not adapted and where a norm is 0."""
    if not adapts:
        return torch.ones((), dtype=parameter.dtype, device=parameter.device)
    weight_norm, norm = parameter.norm(), direction.norm()
    ratio = group["trust_coefficient"] * weight_norm / norm
    return torch.where((weight_norm > 0) & (norm > 0), ratio, torch.ones_like(ratio))
