"""Does a saved state fit the network, optimizer and scaler it is for? Asked before anything of it is taken over.

Torch finds out while it copies, when half of a network is already another one, and much it does not find out at all.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import CheckpointError

# What a rule of updating keeps of every parameter once it has moved it.
_KEPT_BY = {"AdamW": {"step", "exp_avg", "exp_avg_sq"}, "SGD": {"momentum_buffer"}, "LARS": {"momentum"}}


def check_network(network: nn.Module, state: Any) -> None:
    """Refuse tensors that are not those of a network.

    Args:
        network: What they are for.
        state: Name -> tensor.

    Raises:
        CheckpointError: With the first tensor that is missing, left over, of another shape or kind, or not finite.
    """
    if not isinstance(state, Mapping):
        raise _misfit("holds no network")
    ours = network.state_dict()
    if missing := ours.keys() - state.keys():
        raise _misfit(f"lacks '{min(missing)}' of the network{_and_more(len(missing))}")
    if foreign := state.keys() - ours.keys():
        raise _misfit(f"has '{min(map(str, foreign))}', which the network has not{_and_more(len(foreign))}")
    trained = {name for name, _ in network.named_parameters()}
    for name, expected in ours.items():
        _check_tensor(name, state[name], expected, is_trained=name in trained)


def _check_tensor(name: str, found: Any, expected: Tensor, *, is_trained: bool) -> None:
    if not _is_plain(found):
        raise _misfit(f"has something else than numbers in '{name}'")
    if found.shape != expected.shape:
        raise _misfit(f"has '{name}' as {_shape(found)}, and the network as {_shape(expected)}")
    if found.dtype != expected.dtype:
        raise _misfit(f"has '{name}' as {found.dtype}, and the network as {expected.dtype}")
    if is_trained and not torch.isfinite(found).all():
        raise _misfit(f"has numbers in '{name}' that are none")


def check_optimizer(
    optimizer: torch.optim.Optimizer, state: Any, step: int, *, may_be_new: bool = False
) -> None:
    """Refuse the state of another optimizer, or of other parameters.

    Args:
        optimizer: What it is for, as it was made.
        state: What its ``state_dict`` gave, once.
        step: Finished updates.
        may_be_new: True where it may not have moved anything yet, as in fp16, whose first steps are often left out.

    Raises:
        CheckpointError: With what does not fit.
    """
    known = state if isinstance(state, Mapping) else {}
    groups, kept = known.get("param_groups"), known.get("state")
    ours = optimizer.state_dict()["param_groups"]
    if not isinstance(groups, list) or not isinstance(kept, Mapping):
        raise _misfit("holds no state of an optimizer")
    if [_numbers(group) for group in groups] != [group["params"] for group in ours]:
        raise _misfit("holds the state of an optimizer of other parameters")
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if (kept and not step) or (step and not kept and not may_be_new and not _keeps_nothing(optimizer)):
        raise _misfit(f"holds the state of an optimizer that is not at step {step:,}")
    for number, values in kept.items():
        if type(number) is not int or not 0 <= number < len(parameters):
            raise _misfit("holds the state of an optimizer of more parameters")
        _check_kept(optimizer, values, parameters[number], step)


def _keeps_nothing(optimizer: torch.optim.Optimizer) -> bool:
    return isinstance(optimizer, torch.optim.SGD) and not optimizer.defaults["momentum"]


def _numbers(group: Any) -> Any:
    return group.get("params") if isinstance(group, Mapping) else None


def _check_kept(optimizer: torch.optim.Optimizer, values: Any, parameter: Tensor, step: int) -> None:
    """What is kept of one parameter: its moments, of its shape, and how often it was moved."""
    if not isinstance(values, Mapping) or values.keys() != _KEPT_BY[type(optimizer).__name__]:
        raise _misfit("holds the state of another kind of optimizer")
    for name, value in values.items():
        if value is None and _keeps_nothing(optimizer):
            continue
        if not _is_plain(value) or not value.is_floating_point():
            raise _misfit(f"has something else than numbers in the optimizer's '{name}'")
        if name == "step":
            if value.numel() != 1 or not 0 < float(value) <= step:
                raise _misfit(f"holds the state of an optimizer that is not at step {step:,}")
        elif value.shape != parameter.shape:
            raise _misfit(f"has the optimizer's '{name}' as {_shape(value)}, not {_shape(parameter)}")
        elif value.isnan().any():
            raise _misfit(f"has numbers in the optimizer's '{name}' that are none")


def check_scaler(state: Any) -> None:
    """Refuse what no loss scaler gave; an empty state is that of a run that needed none.

    Raises:
        CheckpointError: With what does not fit.
    """
    if not isinstance(state, Mapping):
        raise _misfit("holds no state of a loss scaler")
    expected = set(torch.amp.GradScaler("cpu").state_dict())
    if state and (state.keys() != expected or not all(_is_sensible(value) for value in state.values())):
        raise _misfit("holds the state of another loss scaler")


def _is_sensible(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < 1e30 and math.isfinite(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.is_meta


def _shape(value: Tensor) -> str:
    return " x ".join(map(str, value.shape)) or "one number"


def _and_more(count: int) -> str:
    return f" and {count - 1:,} more" if count > 1 else ""


def _misfit(what: str) -> CheckpointError:
    return CheckpointError(f"It {what}.", "Choose another checkpoint.")
