"""What a result depends on beside the recipe: versions of the programs and the computer."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("ssl-studio", "torch", "torchvision", "timm", "numpy", "pillow")


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def versions(device: str, precision: str, workers: int) -> dict[str, str | int]:
    """Packages, Python, system, and what the run computes with."""
    packages: dict[str, str | int] = {package: _version_of(package) for package in PACKAGES}
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return packages | {
        "python": platform.python_version(),
        "system": system,
        "cores": os.cpu_count() or 1,
        "device": device,
        "precision": precision,
        "loader processes": workers,
    }
