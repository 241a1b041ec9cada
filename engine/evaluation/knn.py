"""Weighted k-NN classification of features.

Follows DINO, official file eval_knn.py: cosine similarity of L2-normalised features, votes weighted by
exp(similarity / T); k = 20 and T = 0.07 are its best and its default. The official code asks for at least 100 test
pictures and k below the number of training pictures; here k is lowered to what there is.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

K = 20
TEMPERATURE = 0.07
CHUNK = 1024


@dataclass(frozen=True)
class KnnResult:
    """What the neighbours say.

    Args:
        top1: Share of test pictures whose class is predicted, 0..1.
        top5: Share of test pictures whose class is among the five with the most votes; among k, where k is smaller.
        prediction: (N_test,) predicted classes.
        k: Neighbours that voted.
    """

    top1: float
    top5: float
    prediction: Tensor
    k: int


def knn_votes(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    num_classes: int,
    *,
    k: int = K,
    temperature: float = TEMPERATURE,
) -> Tensor:
    """Sum the votes of the k nearest training pictures.

    Args:
        train_features: (N, D), raw.
        train_labels: (N,) int64.
        test_features: (M, D), raw.
        num_classes: C.
        k: Neighbours, at most N.
        temperature: T.

    Returns:
        (M, C) votes.
    """
    bank = F.normalize(train_features.float(), dim=1).T  # (D, N)
    chunks = []
    for queries in F.normalize(test_features.float(), dim=1).split(CHUNK):
        similarity, nearest = (queries @ bank).topk(min(k, bank.shape[1]), dim=1)
        classes = F.one_hot(train_labels[nearest], num_classes).to(similarity.dtype)  # (M, k, C)
        chunks.append(((similarity / temperature).exp().unsqueeze(-1) * classes).sum(dim=1))
    return torch.cat(chunks)


def knn_accuracy(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
    *,
    k: int = K,
    temperature: float = TEMPERATURE,
) -> KnnResult:
    """Classify test pictures by their neighbours among the training pictures; shapes as in ``knn_votes``."""
    num_classes = int(max(train_labels.max(), test_labels.max())) + 1
    k = min(k, len(train_labels))
    votes = knn_votes(train_features, train_labels, test_features, num_classes, k=k, temperature=temperature)
    ranked = votes.argsort(dim=1, descending=True, stable=True)  # (M, C), the best class first
    hits = ranked == test_labels.unsqueeze(1)
    top1, top5 = (float(hits[:, :most].any(dim=1).float().mean()) for most in (1, min(5, k)))
    return KnnResult(top1, top5, ranked[:, 0], k)
