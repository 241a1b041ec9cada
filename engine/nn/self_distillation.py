"""Learning from a teacher's soft answers without labels: centring, sharpening, the loss, and the signs of collapse.

Caron et al., https://arxiv.org/abs/2104.14294, sec. 3.1; official file main_dino.py, DINOLoss. Shapes: B pictures,
V crops of a picture, G global ones among them, K prototypes, D width.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.distributed import mean_over_processes


class Centre(nn.Module):
    """Mean of the teacher's logits over past steps; the logits of a step move it only after that step's loss.

    Args:
        prototypes: K.
        momentum: Share of the old centre that a step keeps, 0..1; 1 never moves it from zero.
    """

    def __init__(self, prototypes: int, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.center: Tensor
        self.register_buffer("center", torch.zeros(1, prototypes))  # (1, K), the official name and shape
        self._seen: list[Tensor] = []

    def see(self, logits: Tensor) -> None:
        """Take in raw teacher logits (B, K), centred by nothing; one call for every batch of a step."""
        self._seen.append(logits.detach().float().mean(dim=0, keepdim=True))

    @torch.no_grad()
    def update(self) -> None:
        """Move towards the mean of what was seen since the last call, in all processes; nothing when nothing was."""
        if not self._seen:
            return
        mean = mean_over_processes(torch.stack(self._seen).mean(dim=0))
        self.center.mul_(self.momentum).add_(mean, alpha=1 - self.momentum)
        self._seen.clear()


def teacher_targets(logits: Tensor, center: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Centred and sharpened targets (..., K) of raw teacher logits, in fp32, and their logarithms."""
    log_targets = F.log_softmax((logits.float() - center) / temperature, dim=-1)
    return log_targets.exp(), log_targets


def cross_entropy(student: Tensor, targets: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy over all pairs of a teacher's crop with another crop of the student's.

    Args:
        student: Raw logits (V, B, K), the global crops first.
        targets: Probabilities (G, B, K) of the global crops in the same order.
        temperature: Of the student.

    Returns:
        A scalar in fp32: over G * (V - 1) pairs, since a crop is not compared with itself.
    """
    log_probabilities = F.log_softmax(student.float() / temperature, dim=-1)
    others = (
        log_probabilities.sum(dim=0) - log_probabilities[: len(targets)]
    )  # (G, B, K): all but the crop itself
    return -(targets * others).sum(dim=-1).mean() / (len(student) - 1)


@torch.no_grad()
def collapse_signs(loss: Tensor, targets: Tensor, log_targets: Tensor, seen: Tensor) -> dict[str, Tensor]:
    """What tells a collapse (paper, sec. 5.3 and fig. 7), from targets (G * B, K) and teacher features (G, B, D).

    - teacher_entropy: H of the targets; 0 when they are one-hot, ln_k when they are uniform.
    - kl: cross-entropy less H; 0 when the student has nothing left to learn, which is a collapse.
    - prototype_use: different prototypes that win a target, as a share of the most that could, min(G * B, K).
    - teacher_std: spread of the teacher's features over the crops, 1 when they fill the sphere and 0 when all are one.
    """
    entropy = -(targets * log_targets).sum(dim=-1).mean()
    rows, prototypes = targets.shape
    won = torch.zeros(prototypes, device=targets.device).index_fill_(0, targets.argmax(dim=-1), 1.0)
    directions = F.normalize(seen.float().flatten(0, 1), dim=-1)
    return {
        "teacher_entropy": entropy,
        "kl": loss - entropy,
        "prototype_use": won.sum() / min(rows, prototypes),
        "teacher_std": directions.std(dim=0).mean() * seen.shape[-1] ** 0.5,
        "ln_k": torch.tensor(math.log(prototypes), device=targets.device),
    }
