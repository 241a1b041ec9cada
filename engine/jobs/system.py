"""How busy the computer is, as metric values."""

import os
from typing import Any

import psutil
import pynvml

MIB = 2**20


class SystemMonitor:
    """Reads processor, memory and, where there is one, GPU load.

    Args:
        gpu_index: Index of the CUDA device, or None.
    """

    def __init__(self, gpu_index: int | None = None) -> None:
        self._process = psutil.Process(os.getpid())
        self._gpu = _gpu_handle(gpu_index) if gpu_index is not None else None
        psutil.cpu_percent()  # the first call only starts the clock

    def read(self) -> dict[str, float]:
        """Metric name -> value: percent, and MiB of this process with its loader processes."""
        values = {"system/cpu": psutil.cpu_percent(), "system/memory_mib": self._memory() / MIB}
        if self._gpu is not None:
            load = pynvml.nvmlDeviceGetUtilizationRates(self._gpu)
            memory = pynvml.nvmlDeviceGetMemoryInfo(self._gpu)
            values |= {"system/gpu": float(load.gpu), "system/gpu_memory_mib": memory.used / MIB}
        return values

    def _memory(self) -> float:
        total = float(self._process.memory_info().rss)
        for child in self._process.children(recursive=True):
            try:
                total += child.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total


def _gpu_handle(index: int) -> Any:
    try:
        pynvml.nvmlInit()
        return pynvml.nvmlDeviceGetHandleByIndex(index)
    except pynvml.NVMLError:
        return None
