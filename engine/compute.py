"""Which device and which precision a run computes in."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from engine.errors import DeviceError

Precision = Literal["fp32", "bf16", "fp16"]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Compute:
    """A device and the precision of the forward pass; weights and losses stay fp32."""

    device: torch.device
    precision: Precision

    def autocast(self) -> AbstractContextManager[object]:
        """The context of a forward pass."""
        if self.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=DTYPES[self.precision])

    def make_scaler(self) -> torch.amp.GradScaler:
        """A loss scaler; it does nothing except in fp16."""
        return torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")

    def memory_mib(self) -> float | None:
        """Peak memory of the device in MiB; None where the device does not tell."""
        if self.device.type != "cuda":
            return None
        return torch.cuda.max_memory_allocated(self.device) / 2**20


def choose_attention(network: nn.Module, compute: Compute) -> None:
    """Take torch's fused attention except in bf16 on a CPU, where its backward pass makes a step 1.6 times as long.

    Args:
        network: Its timm attention modules are switched; the numbers agree within rounding.
        compute: Device and precision that it will run in.
    """
    fused = not (compute.device.type == "cpu" and compute.precision == "bf16")
    for module in network.modules():
        if hasattr(module, "fused_attn"):
            module.__dict__["fused_attn"] = fused  # a plain flag; nn.Module types every attribute as a tensor


def resolve_device(name: str) -> torch.device:
    """Turn a setting into a device: "auto" means CUDA, then MPS, then CPU.

    Raises:
        DeviceError: If the computer has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, number = name.partition(":")
    present = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if kind not in present or not (number or "0").isdigit():
        raise DeviceError(f"'{name}' is not a device.", "Choose auto, cpu, cuda, cuda:0 or mps.")
    if int(number or 0) >= present[kind]:
        raise DeviceError(f"There is no device '{name}' on this computer.", "Choose auto or cpu.")
    return torch.device(kind if kind != "cuda" else f"cuda:{number or 0}")


def cpu_computes_bf16() -> bool:
    """True when the processor multiplies bf16 natively, where it is 2 to 3 times as fast as fp32."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported()) if supported is not None else False


def resolve_precision(name: str, device: torch.device) -> Precision:
    """Turn a setting into a precision: "auto" means bf16 where the device computes in it, else fp16 on CUDA, else fp32.

    Raises:
        DeviceError: If fp16 is asked of a device that cannot train in it.
    """
    if name == "fp16" and device.type != "cuda":
        raise DeviceError(
            f"fp16 needs a CUDA device, this run is on {device.type}.", "Choose auto, bf16 or fp32."
        )
    if name == "auto":
        if device.type == "cuda":
            return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
        return "bf16" if device.type == "cpu" and cpu_computes_bf16() else "fp32"
    return name  # type: ignore[return-value]


def make_compute(device: str, precision: str) -> Compute:
    """Resolve both settings.

    Raises:
        DeviceError: If the device or the precision is not to be had.
    """
    resolved = resolve_device(device)
    return Compute(resolved, resolve_precision(precision, resolved))
