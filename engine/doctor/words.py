"""Numbers in the doctor's sentences."""


def percent(share: float, digits: int = 1) -> str:
    """A share as people read it: 0.625 is "62.5 %"."""
    return f"{100 * share:.{digits}f} %"
