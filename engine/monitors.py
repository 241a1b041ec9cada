"""Signs of life and of collapse in a batch of features, and in the optimizer; none of them needs labels."""

import torch
from torch import Tensor
from torch.nn import functional as F

# What RankMe's eq. 3 adds to each share; the value is that of its usual implementations, not verified in the paper.
RANK_EPS = 1e-7
# Where the optimizers keep the running mean of the gradients: Adam, SGD, LARS.
MOMENTUM_KEYS = ("exp_avg", "momentum_buffer", "momentum")


def feature_spread(features: Tensor) -> float:
    """Mean standard deviation of L2-normalised features (N, D) times the square root of D.

    1 for features spread evenly over the sphere, 0 for collapsed ones (SimSiam, sec. 4.1).
    """
    normalised = F.normalize(features.float(), dim=1)
    return float(normalised.std(dim=0).mean() * features.shape[1] ** 0.5)


def mean_cosine(features: Tensor) -> float:
    """Mean cosine of all pairs of different features (N, D), without making the N x N table.

    The squared length of the sum of N unit vectors is N plus twice the cosines of all pairs. 1 when all point the
    same way, 0 when they are spread evenly; needs N of at least 2.
    """
    total = F.normalize(features.double(), dim=1).sum(dim=0)
    number = len(features)
    return float((total @ total - number) / (number * (number - 1)))


def effective_rank(features: Tensor) -> float:
    """RankMe: the exponential of the entropy of the singular values of features (N, D).

    Follows Garrido et al., https://arxiv.org/abs/2210.02885, eq. 3. Between 1 and min(N, D).
    """
    values = torch.linalg.svdvals(features.double())
    shares = values / values.sum() + RANK_EPS
    return float(torch.exp(-(shares * shares.log()).sum()))


def momentum_norm(optimizer: torch.optim.Optimizer) -> Tensor:
    """Norm of the running mean of the gradients over all weights, a scalar on their device; 0 without one."""
    buffers = [
        state[key]
        for state in optimizer.state.values()
        for key in MOMENTUM_KEYS
        if isinstance(state.get(key), Tensor)
    ]
    return torch.nn.utils.get_total_norm(buffers) if buffers else torch.zeros(())
