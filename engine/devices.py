"""Which devices this computer can compute on, found without importing torch.

The window and the engine thread ask here. Graphics cards are read from NVIDIA's management library, which
answers in milliseconds and is simply absent where there is no such driver.
"""

import os
import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from engine.declared.doubts import Computer
from engine.errors import DeviceError
from engine.shown import shown

CPU = "cpu"
MPS = "mps"
AUTO = "auto"
# torch numbers cards by speed unless told otherwise, the management library by bus; workers are started with
# this so that "cuda:1" is the same card to both.
CARD_ORDER = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


@dataclass(frozen=True, slots=True)
class Device:
    """Something that can run a training job.

    Args:
        name: What torch calls it: "cpu", "cuda:0", "mps".
        title: What the person calls it.
        memory_bytes: Memory a run can use, shared with everything else on it.
    """

    name: str
    title: str
    memory_bytes: int


def list_devices() -> list[Device]:
    """Return the devices of this computer, the one that "auto" takes first; the processor is always last."""
    memory = psutil.virtual_memory().total
    devices = _cuda_devices()
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        devices.append(Device(MPS, "Apple graphics", memory))
    devices.append(Device(CPU, _processor_title(), memory))
    return devices


def this_computer(folder: Path | None = None) -> Computer:
    """Return what a run can use here.

    Args:
        folder: Where checkpoints will go, which need not exist yet; None leaves the disk out.
    """
    free = None
    if folder is not None:
        there = next((each for each in (folder, *folder.parents) if each.is_dir()), None)
        free = psutil.disk_usage(str(there)).free if there is not None else None
    memory = {device.name: device.memory_bytes for device in list_devices()}
    return Computer(memory, os.cpu_count() or 1, free)


def device_matches(wanted: str, device: str) -> bool:
    """Say whether a run that wants ``wanted`` may run on ``device``; "cuda" means any card."""
    return wanted in (AUTO, device) or (wanted == "cuda" and device.startswith("cuda:"))


def devices_of_run(first: str, processes: int) -> list[str]:
    """Return what each process of a run computes on: cards counted up from the first, or all on the one processor.

    Args:
        first: The device of process 0.
        processes: How many train together.

    Raises:
        DeviceError: When there cannot be so many of such a device.
    """
    kind, _, number = first.partition(":")
    if kind == "cuda":
        return [f"cuda:{int(number or 0) + process}" for process in range(processes)]
    if kind == MPS and processes > 1:
        raise DeviceError(
            "Apple graphics are one device, which several training processes cannot share.",
            "Set the training processes to 1.",
        )
    return [first] * processes


def resolve_device(wanted: str, devices: Sequence[Device] | None = None) -> str:
    """Return the device that ``wanted`` means here: "auto" is CUDA, then Apple graphics, then the processor.

    Raises:
        DeviceError: When this computer has no such device.
    """
    devices = list_devices() if devices is None else devices
    check_device(wanted, devices)
    return next(device.name for device in devices if device_matches(wanted, device.name))


def check_device(wanted: str, devices: Sequence[Device] | None = None) -> None:
    """Do nothing when a run can use ``wanted`` on this computer.

    Raises:
        DeviceError: When there is no such device, with the names of those there are.
    """
    devices = list_devices() if devices is None else devices
    if any(device_matches(wanted, device.name) for device in devices):
        return
    names = [device.name for device in devices]
    if wanted == "cuda" or re.fullmatch(r"cuda:\d+", wanted):
        raise DeviceError(_missing_cuda(wanted, names), f"Use {_one_of(names)}.")
    if wanted == MPS:
        raise DeviceError("This computer has no Apple graphics that torch can use.", f"Use {_one_of(names)}.")
    raise DeviceError(f"{shown(wanted)} is not the name of a device.", f"Use {_one_of([AUTO, *names])}.")


def _missing_cuda(wanted: str, names: Sequence[str]) -> str:
    """Say why a CUDA device is missing."""
    cards = [name for name in names if name.startswith("cuda:")]
    if cards:
        return f"There is no {wanted} on this computer, which has {' and '.join(cards)}."
    if not _torch_has_cuda():
        return "The installed torch was built without CUDA."
    return "There is no CUDA device on this computer."


def _one_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _torch_has_cuda() -> bool:
    """Say whether the installed torch can use CUDA, by its version's local part ("2.14.0+cpu")."""
    try:
        return not metadata.version("torch").endswith("+cpu")
    except metadata.PackageNotFoundError:
        return False


def _cuda_devices() -> list[Device]:
    """Return the cards that CUDA shows to a process started from here."""
    if not _torch_has_cuda():
        return []
    with _management_library() as nvml:
        if nvml is None:
            return []
        cards = [_card(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
    return [
        Device(f"cuda:{number}", cards[index].title, cards[index].memory_bytes)
        for number, index in enumerate(visible_cards([card.name for card in cards]))
    ]


def visible_cards(identifiers: Sequence[str], setting: str | None = None) -> list[int]:
    """Return the indices of the cards that CUDA_VISIBLE_DEVICES leaves, in its order.

    Like CUDA, the list ends at the first entry that names no card.

    Args:
        identifiers: The cards' UUIDs ("GPU-..."), in bus order.
        setting: The variable's value; the environment's when None.
    """
    if setting is None:
        setting = os.environ.get("CUDA_VISIBLE_DEVICES")
    if setting is None:
        return list(range(len(identifiers)))
    visible: list[int] = []
    for entry in (part.strip() for part in setting.split(",")):
        if entry.isdigit():
            found = [int(entry)] if int(entry) < len(identifiers) else []
        else:
            found = [index for index, name in enumerate(identifiers) if entry and name.startswith(entry)]
        if len(found) != 1 or found[0] in visible:
            break
        visible += found
    return visible


def _card(nvml: Any, index: int) -> Device:
    """Describe one card; its name here is its UUID."""
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory_bytes = nvml.nvmlDeviceGetMemoryInfo(handle).total
    return Device(nvml.nvmlDeviceGetUUID(handle), nvml.nvmlDeviceGetName(handle), memory_bytes)


@contextmanager
def _management_library() -> Iterator[Any]:
    """Give NVIDIA's management library for a moment, or None where it is missing or unwell."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # noqa: BLE001 - any failure of an optional driver means: no card
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _processor_title() -> str:
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return f"Processor, {cores} {'core' if cores == 1 else 'cores'}"
