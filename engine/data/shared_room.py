"""The memory that loader and training process share; where it is small, as in containers, batches do not wait in it.

Torch puts tensors there while a thread of its own sends them. When that fails, the batch is lost and its receiver
waits for ever, so room is taken here before.
"""

import os
from collections.abc import Mapping
from typing import Any

from torch import Tensor

PLACE = "/dev/shm"
NO_ROOM = (
    "There is too little shared memory (/dev/shm) for the loader processes, so pictures are prepared in the training "
    "process, which is slower. Give it more (docker: --shm-size), or take a smaller batch or training.workers=0."
)


class SharedRoom:
    """Takes shared memory for what one loader process sends, and knows when that makes no sense."""

    def __init__(self) -> None:
        self._lacked = 0  # bytes of a batch for which there was no room

    @property
    def is_likely(self) -> bool:
        """False when a batch like the last one that found no room would find none now."""
        if not self._lacked:
            return True
        try:
            found = os.statvfs(PLACE)
        except (OSError, AttributeError):  # Windows and macOS share memory in another way
            return True
        return found.f_bavail * found.f_frsize > self._lacked

    def takes(self, batch: Mapping[str, Any]) -> bool:
        """Move the tensors of a batch to shared memory; False when there is no room for all of them."""
        tensors = [value for value in batch.values() if isinstance(value, Tensor)]
        try:
            for tensor in tensors:
                tensor.share_memory_()
        except (RuntimeError, OSError):  # no room, or no more files may be open
            self._lacked = sum(tensor.nbytes for tensor in tensors)
            return False
        self._lacked = 0
        return True
