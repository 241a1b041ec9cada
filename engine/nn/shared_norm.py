"""Batch norm over the batches of all processes, so that W of them normalise as one with W times the pictures.

torch's own SyncBatchNorm does that on graphics cards only; on a CPU this module does.
"""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from typing_extensions import override

from engine.distributed import is_alone, mean_with_gradient, world_size


class SharedBatchNorm(_BatchNorm):
    """Batch norm whose statistics in training are those of all processes; every process has as many rows."""

    @override
    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of axes will do; the second one is the channels."""

    @override
    def forward(self, input: Tensor) -> Tensor:
        if not self.training or is_alone():
            return super().forward(input)
        axes = [axis for axis in range(input.ndim) if axis != 1]
        places = [1, -1] + [1] * (input.ndim - 2)
        values = input.float()
        mean = mean_with_gradient(values.mean(dim=axes))  # (C,)
        centred = values - mean.view(places)
        variance = mean_with_gradient(
            centred.square().mean(dim=axes)
        )  # biased, as the batch is normalised with
        self._remember(mean.detach(), variance.detach(), input.numel() // input.shape[1] * world_size())
        normed = centred * (variance + self.eps).rsqrt().view(places)
        if self.weight is not None:
            normed = normed * self.weight.view(places)
        if self.bias is not None:
            normed = normed + self.bias.view(places)
        return normed.to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics, with the unbiased variance as torch keeps it."""
        if not self.track_running_stats or self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        unbiased = variance * (count / max(count - 1, 1))
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), share)


def share_norms(network: nn.Module, device: torch.device) -> nn.Module:
    """Make every batch norm inside a network normalise over all processes; weights and their names stay.

    Args:
        network: Changed in place.
        device: What it computes on.

    Returns:
        The network, or what replaces it when it is a batch norm itself.
    """
    if device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return converted
    if isinstance(network, _BatchNorm) and not isinstance(network, SharedBatchNorm):
        return _shared(network)
    for name, child in network.named_children():
        setattr(network, name, share_norms(child, device))
    return network


def _shared(norm: _BatchNorm) -> SharedBatchNorm:
    """The same batch norm, with the very same parameters and running statistics."""
    shared = SharedBatchNorm(
        norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats
    )
    # A projector's last norm has no bias: what is missing has to be missing here too.
    for name, parameter in norm._parameters.items():
        shared.register_parameter(name, parameter)
    for name, buffer in norm.named_buffers(recurse=False):
        setattr(shared, name, buffer)
    return shared.train(norm.training)
