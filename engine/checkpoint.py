"""Checkpoints: written whole or not at all, read without running anybody's code."""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.errors import CheckpointError
from engine.foreign.torch_file import read_torch, with_tensors

FORMAT = 1
MILESTONES = 10


def save_checkpoint(path: Path, content: dict[str, Any]) -> int:
    """Write a checkpoint so that a crash at any instant leaves the old file or the new one, never a half.

    Args:
        path: Where it goes; the folder exists.
        content: Tensors and plain values only.

    Returns:
        Size in bytes.

    Raises:
        CheckpointError: If the disk is full or the folder cannot be written; nothing is left behind.
    """
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save({"format": FORMAT, **content}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except (OSError, RuntimeError) as problem:  # torch's writer reports a full disk as a RuntimeError
        temporary.unlink(missing_ok=True)
        raise CheckpointError(
            f"The checkpoint {path.name} could not be written to {path.parent}: {_reason(problem, path.parent)}.",
            "Free some space or make the folder writable, then resume the run.",
        ) from problem
    return path.stat().st_size


def _reason(problem: Exception, folder: Path) -> str:
    """Why a file could not be written, without the inner words of torch's writer."""
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror[0].lower() + problem.strerror[1:]
    free_mib = shutil.disk_usage(folder).free / 2**20
    return f"the disk did not take it, {free_mib:,.0f} MiB are free"


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows has no handle of a folder to sync
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint; only tensors and plain values are accepted.

    Raises:
        CheckpointError: If the file is missing, damaged, foreign or holds a pickle that would run code.
    """
    if not path.exists():
        raise CheckpointError(f"The checkpoint {path} is gone.", "Choose another checkpoint of the run.")
    file = read_torch(path)
    if file.strangers:
        raise CheckpointError(
            f"{path.name} holds more than weights and would run code when read, so it was not opened.",
            "Use only files made by this program or by people you trust, saved as plain weights.",
        )
    # Copies, so that nothing depends on the file any more.
    content = with_tensors(file, lambda tensor: tensor.to(device, copy=True))
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} was not made by this program.", "Choose a checkpoint of a run.")
    return dict(content)


def superfluous_steps(steps: Sequence[int], *, keep: int, best: int | None, total_steps: int) -> list[int]:
    """Which checkpoints may go: not the newest, not the best, not the ones that show the run from start to end.

    Args:
        steps: Steps of the checkpoints at hand.
        keep: How many of the newest stay.
        best: Step of the best one, or None.
        total_steps: Length of the run; about ``MILESTONES`` checkpoints spread over it stay.
    """
    ordered = sorted(steps)
    kept = {*ordered[-keep:], *_milestones(ordered, total_steps), *([best] if best is not None else [])}
    return [step for step in ordered if step not in kept]


def _milestones(ordered: Iterable[int], total_steps: int) -> list[int]:
    """The first checkpoint in each tenth of the run."""
    first: dict[int, int] = {}
    for step in ordered:
        first.setdefault(step * MILESTONES // max(total_steps, 1), step)
    return list(first.values())
