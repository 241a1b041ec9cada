"""The contrastive loss of SimCLR: find the other view of a picture among all views of all pictures.

Shapes: B pictures of this process, N pictures of all processes (N = B alone), D channels, K entries of a memory.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

SQUARES_EPS = 1e-12  # least sum of squares; official file tf2/objective.py by tf.math.l2_normalize
ENTROPY_EPS = 1e-8  # official file tf2/metrics.py


class Others(NamedTuple):
    """What the views of this process are compared with.

    Args:
        first: (N, D) first views of all processes, in order of rank.
        second: (N, D) second views, in the same order.
        offset: Row of this process's first picture in them.
        memory: (K, D) further negatives, or None.
        is_filled: (K,) bool, which of them hold something; None for all.
    """

    first: Tensor
    second: Tensor
    offset: int = 0
    memory: Tensor | None = None
    is_filled: Tensor | None = None


@dataclass(frozen=True)
class Contrast:
    """The loss and what to watch of it.

    Args:
        loss: Scalar, the sum of both directions: 2 ln(2N - 1) where nothing is told apart.
        accuracy: Share of first views whose most similar second view is their own; first views are left out.
        entropy: Of the same choice in nats, from 0 (certain) to ln N (a guess).
        hardest: Mean similarity of an anchor to its most similar negative; a cosine for normalised views.
    """

    loss: Tensor
    accuracy: Tensor
    entropy: Tensor
    hardest: Tensor


def unit_length(rows: Tensor) -> Tensor:
    """Rows (..., D) in fp32 with the length 1; a row shorter than 1e-6 is divided by that."""
    rows = rows.float()
    return rows * rows.square().sum(dim=-1, keepdim=True).clamp(min=SQUARES_EPS).rsqrt()


def nt_xent(
    first: Tensor, second: Tensor, *, temperature: float, others: Others | None = None, hardness: float = 0.0
) -> Contrast:
    """Normalised temperature-scaled cross entropy.

    Follows Chen et al., https://arxiv.org/abs/2002.05709, eq. 1, official file tf2/objective.py: the logits of a first
    view are its similarities to all second views, then to all other first views. The official loss, like this one, is
    the sum of the two directions and so twice the mean over 2N views of the paper and of most ports. A view is kept
    from being its own negative by minus infinity, where the official code takes 1e9 off, more than fp16 can hold.

    Args:
        first: (B, D) first views in fp32, of length 1 as a rule.
        second: (B, D) second views of the same pictures.
        temperature: T.
        others: All views of all processes; those given where there is one process and no memory.
        hardness: beta of Robinson et al., https://arxiv.org/abs/2010.04592, eq. 4 (official file image/main.py, no
            correction for false negatives): negatives are weighted by exp(beta * logit); 0 weighs them alike.
    """
    others = others or Others(first, second)
    if len(others.first) == 1:
        hardness = 0.0  # a lone picture may have no negative to weigh
    device_type = first.device.type
    with torch.autocast(
        device_type, enabled=False
    ):  # logits of 1 / T = 10 and more lose too much in half precision
        ab, aa = _logits(first, others.second, others.first, others, temperature)
        ba, bb = _logits(second, others.first, others.second, others, temperature)
        own = torch.arange(len(first), device=first.device) + others.offset
        loss_a, hardest_a = _direction(ab, aa, own, hardness)
        loss_b, hardest_b = _direction(ba, bb, own, hardness)
    with torch.no_grad():
        choice = ab.softmax(dim=1)
        entropy = -(choice * (choice + ENTROPY_EPS).log()).sum(dim=1).mean()
        accuracy = (ab.argmax(dim=1) == own).float().mean()
        hardest = temperature * 0.5 * (hardest_a + hardest_b)
    return Contrast(loss_a + loss_b, accuracy, entropy, hardest)


def _logits(
    anchors: Tensor, across: Tensor, along: Tensor, others: Others, temperature: float
) -> tuple[Tensor, Tensor]:
    """Similarities / T to the other views (B, N) and to the views of the same kind and the memory (B, N + K)."""
    itself = torch.eye(len(along), dtype=torch.bool, device=anchors.device)
    itself = itself[others.offset : others.offset + len(anchors)]
    same = (anchors @ along.T / temperature).masked_fill(itself, -torch.inf)
    if others.memory is not None:
        remembered = anchors @ others.memory.T / temperature
        if others.is_filled is not None:
            remembered = remembered.masked_fill(~others.is_filled, -torch.inf)
        same = torch.cat([same, remembered], dim=1)
    return anchors @ across.T / temperature, same


def _direction(across: Tensor, along: Tensor, own: Tensor, hardness: float) -> tuple[Tensor, Tensor]:
    """Loss of one direction and the mean of each anchor's largest negative logit, without gradient."""
    logits = torch.cat([across, along], dim=1)
    positive = F.one_hot(own, logits.shape[1]).bool()
    negatives = logits.masked_fill(positive, -torch.inf)
    if hardness:
        # The weights average 1 over the negatives, so that their number counts as it does without weights.
        count = (negatives > -torch.inf).sum(dim=1, keepdim=True)
        weighing = hardness * negatives
        log_weights = weighing - weighing.logsumexp(dim=1, keepdim=True) + count.log()
        logits = torch.where(positive, logits, logits + log_weights)
    hardest = negatives.detach().amax(dim=1)
    known = hardest > -torch.inf
    mean_hardest = torch.where(known, hardest, 0.0).sum() / known.sum().clamp(min=1)
    return F.cross_entropy(logits, own), mean_hardest
