"""Signs of life and of collapse in a batch of features, for pictures with or without labels."""

import torch
from torch import Tensor
from torch.nn import functional as F

RANK_EPS = 1e-7  # RankMe paper, eq. 3


def feature_spread(features: Tensor) -> float:
    """Mean standard deviation of L2-normalised features (N, D) times the square root of D.

    1 for features spread evenly over the sphere, 0 for collapsed ones (SimSiam, sec. 4.1).
    """
    normalised = F.normalize(features.float(), dim=1)
    return float(normalised.std(dim=0).mean() * features.shape[1] ** 0.5)


def effective_rank(features: Tensor) -> float:
    """RankMe: the exponential of the entropy of the singular values of features (N, D).

    Follows Garrido et al., https://arxiv.org/abs/2210.02885, eq. 3. Between 1 and min(N, D).
    """
    values = torch.linalg.svdvals(features.double())
    shares = values / values.sum() + RANK_EPS
    return float(torch.exp(-(shares * shares.log()).sum()))
