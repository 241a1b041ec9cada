"""How far a student's predictions are from a teacher's."""

from torch import Tensor
from torch.nn import functional as F


def distillation_loss(
    student: Tensor, teacher: Tensor, *, temperature: float = 1.0, times_square: bool = False
) -> Tensor:
    """Cross entropy between what a teacher and a student predict of the same pictures, both softened alike.

    Follows SimCLR v2 (Chen et al., https://arxiv.org/abs/2006.10029, sec. 2, eq. 2): soft targets, no threshold, no
    labels. The teacher gets no gradient; it must be in evaluation mode.

    Args:
        student: (B, C) logits.
        teacher: (B, C) logits.
        temperature: tau; 1 for a smaller student, 0.1 for one of the same size.
        times_square: Multiply by tau * tau, as the official colabs/distillation_self_training.ipynb does and the
            paper's formula does not: gradients then keep their size whatever tau is. No difference at tau = 1.

    Returns:
        Scalar in fp32, the mean over the pictures.
    """
    targets = (teacher.detach().float() / temperature).softmax(dim=1)
    loss = F.cross_entropy(student.float() / temperature, targets)
    return loss * temperature**2 if times_square else loss
