"""How busy this computer is: processor, memory and, where there is one, the graphics card."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

READ_MILLISECONDS = 2000


@dataclass(frozen=True)
class SystemLoad:
    """One reading.

    Args:
        cpu: Share of all processor cores in use, 0..1.
        memory_used: Bytes of main memory in use.
        memory_total: Bytes of main memory.
        gpu: Share of time the graphics card computes, 0..1; None without one.
        gpu_memory_used: Bytes of its memory in use.
        gpu_memory_total: Bytes of its memory.
    """

    cpu: float
    memory_used: int
    memory_total: int
    gpu: float | None = None
    gpu_memory_used: int = 0
    gpu_memory_total: int = 0


class SystemWatch(QObject):
    """Reads the load every two seconds.

    Args:
        parent: Qt owner.
    """

    loaded = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._card = _first_card()
        psutil.cpu_percent()  # the first call has no past to compare with
        self._timer = QTimer(self)
        self._timer.setObjectName("system_watch")
        self._timer.setInterval(READ_MILLISECONDS)
        self._timer.timeout.connect(self._read)

    def start(self) -> None:
        """Begin to read."""
        self._read()
        self._timer.start()

    def stop(self) -> None:
        """Read no more."""
        self._timer.stop()

    def _read(self) -> None:
        memory = psutil.virtual_memory()
        load = SystemLoad(psutil.cpu_percent() / 100, memory.total - memory.available, memory.total)
        self.loaded.emit(_with_card(load, self._card) if self._card is not None else load)


def _first_card() -> Any | None:
    """NVIDIA's handle of the first card, or None where there is no card or no driver."""
    import pynvml

    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        return pynvml.nvmlDeviceGetHandleByIndex(0)
    return None


def _with_card(load: SystemLoad, card: Any) -> SystemLoad:
    import pynvml

    with suppress(pynvml.NVMLError):
        memory = pynvml.nvmlDeviceGetMemoryInfo(card)
        busy = pynvml.nvmlDeviceGetUtilizationRates(card).gpu / 100
        return SystemLoad(
            load.cpu, load.memory_used, load.memory_total, busy, int(memory.used), int(memory.total)
        )
    return load
