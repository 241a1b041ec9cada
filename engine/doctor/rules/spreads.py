"""Which series say how far features are spread, on the scale of ``feature_spread``: 1 even, 0 all the same."""

from engine.doctor.history import History

# What methods measure on every batch, on projections or on the teacher's features.
BATCH_SPREADS = ("monitor/view_spread", "monitor/teacher_std", "monitor/projection_std", "monitor/latent_std")


def batch_spread(history: History, number: int) -> list[float]:
    """The newest values of the method's own spread; empty where it has none or too few points."""
    for name in BATCH_SPREADS:
        values = history.last(name, number)
        if values:
            return values
    return []
