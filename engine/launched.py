"""What torchrun tells a process that it started, read without importing torch."""

import os


def launched_processes() -> int:
    """How many processes train together; 1 when torchrun did not start this one."""
    return int(os.environ.get("WORLD_SIZE", "1")) if _is_launched() else 1


def launched_rank() -> int:
    """Number of this process among them; 0 when torchrun did not start it."""
    return int(os.environ.get("RANK", "0")) if _is_launched() else 0


def _is_launched() -> bool:
    """Clusters set WORLD_SIZE and RANK, too, for programs that do not look at them."""
    return "TORCHELASTIC_RUN_ID" in os.environ
