"""LARS in the forms that the official codes of MAE, DINO, BYOL and SimCLR use, and in those of two libraries."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

MomentumForm = Literal["rate_outside", "rate_inside", "trust_on_update"]
TrustRule = Literal["joint", "separate", "separate_clipped", "separate_decayed"]

SEPARATE_EPS = 1e-8  # solo-learn, file solo/utils/lars.py; lightly, file lightly/utils/lars.py


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling with momentum.

    Follows You et al., https://arxiv.org/abs/1708.03888. The forms of momentum agree while the learning rate is
    constant:

    - "rate_outside": the buffer holds adapted gradients (MAE util/lars.py, DINO utils.py, BYOL utils/optimizers.py).
    - "rate_inside": the buffer holds steps, learning rate included (SimCLR lars_optimizer.py, classic_momentum).
    - "trust_on_update": the ratio is taken on the momentum's update (SimCLR, classic_momentum False).

    The rules of trust differ in what the norm of the weights is divided by, so rates do not carry over from one to
    another:

    - "joint": the norm of gradient and weight decay together; where a norm is 0 the ratio is 1 (all official codes).
    - "separate": the sum of the two norms; where a norm is 0 there is no weight decay either (solo-learn).
    - "separate_clipped": its ratio is divided by the rate and at most 1, as in LARC (solo-learn, clip_lr).
    - "separate_decayed": as "separate", but without weight decay nothing is adapted (lightly).

    Args:
        params: What to train.
        lr: Learning rate.
        weight_decay: Added to the gradient before the trust ratio.
        momentum: Share of the last direction kept.
        trust_coefficient: Factor of the ratio of norms; eta, eeta.
        form: See above.
        rule: See above; the separate ones go with "rate_outside".
        nesterov: Look one step ahead (SimCLR, use_nesterov).
        adapt_vectors: True treats parameters of one axis as all others; the official recipes leave them alone, without
            decay and without ratio.
    """

    def __init__(  # noqa: PLR0913 (all by name; each is a choice of some official code)
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float,
        *,
        weight_decay: float = 0.0,
        momentum: float = 0.9,
        trust_coefficient: float = 0.001,
        form: MomentumForm = "rate_outside",
        rule: TrustRule = "joint",
        nesterov: bool = False,
        adapt_vectors: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "trust_coefficient": trust_coefficient,
            "form": form,
            "rule": rule,
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
        if adapts and group["rule"] != "joint":
            gradient, adapts = _separate(parameter, gradient, group), False
        elif adapts:
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


def _separate(parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
    """Gradient and weight decay under the separate rules, adapted where neither norm is 0."""
    decay, weight_norm, norm = group["weight_decay"], parameter.norm(), gradient.norm()
    if group["rule"] == "separate_decayed" and decay == 0:
        return gradient
    ratio = group["trust_coefficient"] * weight_norm / (norm + decay * weight_norm + SEPARATE_EPS)
    if group["rule"] == "separate_clipped":
        ratio = (ratio / group["lr"]).clamp(max=1.0)
    adapted = ratio * gradient.add(parameter, alpha=decay)
    return torch.where((weight_norm > 0) & (norm > 0), adapted, gradient)


def _trust(parameter: Tensor, direction: Tensor, group: dict[str, Any], *, adapts: bool) -> Tensor:
    """The trust ratio, on the device; 1 for what is not adapted and where a norm is 0."""
    if not adapts:
        return torch.ones((), dtype=parameter.dtype, device=parameter.device)
    weight_norm, norm = parameter.norm(), direction.norm()
    ratio = group["trust_coefficient"] * weight_norm / norm
    return torch.where((weight_norm > 0) & (norm > 0), ratio, torch.ones_like(ratio))
