"""The two ends of a teacher that gives probabilities of prototypes, as both of its rules read them.

The loss is the teacher's entropy H plus the divergence KL of student and teacher. A KL of 0 means that the output is
the same whatever the picture: a collapse. H then says which one: 0 is one-hot, ln K is uniform (DINO paper, sec. 5.3
and fig. 7).
"""

from dataclasses import dataclass
from statistics import median

from engine.doctor.history import History

ENTROPY, KL, LN_K, USE = "monitor/teacher_entropy", "monitor/kl", "monitor/ln_k", "monitor/prototype_use"
STEPS = 100  # ours: the stretch of steps that has to agree


@dataclass(frozen=True)
class TeacherStretch:
    """The newest ``STEPS`` steps of a teacher; entropies and divergences as shares of ln K.

    Args:
        low: Smallest entropy.
        high: Largest entropy.
        kl: Median divergence; None where it is not recorded.
        use: Median share of prototypes that won; None where it is not recorded.
        ln_k: Entropy of the uniform teacher, nats.
    """

    low: float
    high: float
    kl: float | None
    use: float | None
    ln_k: float

    @property
    def is_constant(self) -> bool:
        """True when student and teacher agree so well that the picture cannot matter any more."""
        return self.kl is not None and self.kl < AGREED


# Ours: a hundredth of ln K. The paper says only that KL goes to 0.
AGREED = 0.01


def newest_stretch(history: History) -> TeacherStretch | None:
    """Read the teacher's curves; None where there is no teacher or too little of it."""
    entropies, ln_k = history.last(ENTROPY, STEPS), history.last(LN_K, 1)
    if not entropies or not ln_k or ln_k[0] <= 0:
        return None
    divergences, uses = history.last(KL, STEPS), history.last(USE, STEPS)
    return TeacherStretch(
        low=min(entropies) / ln_k[0],
        high=max(entropies) / ln_k[0],
        kl=median(divergences) / ln_k[0] if divergences else None,
        use=median(uses) if uses else None,
        ln_k=ln_k[0],
    )
