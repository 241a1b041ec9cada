"""The perceptron with one normalised hidden layer that BYOL puts behind its encoder."""

from torch import nn

TRUNCATED_AT = 2.0  # standard deviations; haiku's TruncatedNormal


def fan_in_normal(linear: nn.Linear) -> None:
    """Start a linear layer as haiku does: normal, cut at two deviations of 1 / sqrt(inputs), biases at 0."""
    std = linear.in_features**-0.5
    nn.init.trunc_normal_(linear.weight, std=std, a=-TRUNCATED_AT * std, b=TRUNCATED_AT * std)
    if linear.bias is not None:
        nn.init.zeros_(linear.bias)


class NormMLP(nn.Sequential):
    """Linear with bias, batch norm, ReLU, linear without bias, and nothing behind.

    Follows BYOL, official file utils/networks.py, class MLP. Ports differ: solo-learn and lucidrains give both linear
    layers a bias, lightly only the second one. In training mode the batch norm needs two rows or more.

    Args:
        width: D, channels in.
        hidden: Channels of the hidden layer.
        out: Channels out.
    """

    def __init__(self, width: int, hidden: int, out: int) -> None:
        # decay_rate 0.9 and eps 1e-5 of configs/byol.py are torch's own defaults, momentum 0.1 and 1e-5
        first, last = nn.Linear(width, hidden), nn.Linear(hidden, out, bias=False)
        super().__init__(first, nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), last)
        fan_in_normal(first)
        fan_in_normal(last)
