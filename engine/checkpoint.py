"""Checkpoints: written whole or not at all, read without running anybody's code, and only as they were written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from engine.errors import CheckpointError
from engine.foreign.opened_file import check_regular
from engine.foreign.torch_file import read_torch, with_tensors
from engine.sealed_file import Seal, digest_of, reason_of, write_sealed

FORMAT = 1
MILESTONES = 10
LARGEST_COUNT = 2**63 - 1  # what the store can hold
MOST_CLASSES = 10_000_000


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run needs to go on, and that it takes to look into its network.

    Args:
        step: Finished updates.
        trainer: State of the trainer: "method", the network's tensors, and, where it was trained, "optimizer",
            "scaler" and "step".
        recipe: What the run was asked for, as JSON.
        images_seen: Pictures so far, repeats counted.
        best: Best k-NN accuracy so far, None before the first.
        num_classes: C of the data set; 0 without labels.
        origin: Where the weights that the run started from come from; empty where it started from chance.
    """

    step: int
    trainer: Mapping[str, Any]
    recipe: str = "{}"
    images_seen: int = 0
    best: float | None = None
    num_classes: int = 0
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """The network's tensors by their names."""
        weights: Mapping[str, Tensor] = self.trainer["method"]
        return weights


def save_checkpoint(path: Path, checkpoint: Checkpoint, **how: Any) -> Seal:
    """Write a checkpoint; see ``write_sealed`` for what holds of the file.

    Args:
        path: Where it goes; the folder exists.
        checkpoint: Tensors and plain values only.
        **how: ``before_replacing`` of ``write_sealed``.

    Returns:
        Size and digest of the file.

    Raises:
        CheckpointError: If the disk is full or the folder cannot be written; nothing is left behind.
    """
    content = {item.name: getattr(checkpoint, item.name) for item in fields(checkpoint)}

    def write(file: BinaryIO) -> None:
        torch.save({"format": FORMAT, **content}, file)

    return write_sealed(path, write, **how)


def load_checkpoint(path: Path, device: torch.device | str = "cpu", *, digest: str = "") -> Checkpoint:
    """Read a checkpoint; only tensors and plain values are accepted, in the places where they belong.

    Args:
        path: The file.
        device: Where its tensors go.
        digest: What ``save_checkpoint`` returned of it, where that is known.

    Raises:
        CheckpointError: If the file is missing, changed, damaged, foreign or holds a pickle that would run code.
    """
    if not path.exists():
        raise CheckpointError(f"The checkpoint {path} is gone.", "Choose another checkpoint of the run.")
    check_regular(path)
    try:
        # A file of an older program has no digest; its archive carries sums of its parts.
        if digest and digest_of(path) != digest:
            raise _damaged(path, "has changed since it was written")
        content = _read(path, device)
    except OSError as problem:
        raise CheckpointError(
            f"{path} cannot be read: {reason_of(problem)}.", "Look at the disk."
        ) from problem
    return _checked(path, content)


def _read(path: Path, device: torch.device | str) -> Any:
    """What a file holds, whatever is wrong with it told in words."""
    file = read_torch(path)
    if file.strangers:
        raise CheckpointError(
            f"{path.name} holds more than weights and would run code when read, so it was not opened.",
            "Use only files made by this program or by people you trust, saved as plain weights.",
        )
    # Copies, so that nothing depends on the file any more.
    return with_tensors(file, lambda tensor: tensor.to(device, copy=True))


def _damaged(path: Path, how: str) -> CheckpointError:
    return CheckpointError(f"{path.name} {how}.", "Choose another one.")


def _checked(path: Path, content: Any) -> Checkpoint:
    """The checkpoint in what a file holds.

    Raises:
        CheckpointError: When something is missing or of another kind than this program writes.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} was not made by this program.", "Choose a checkpoint of a run.")
    known = {item.name for item in fields(Checkpoint)}
    given = {name: value for name, value in content.items() if name in known}
    try:
        checkpoint = Checkpoint(**given)
    except TypeError as problem:
        raise _damaged(path, "lacks what a run needs to go on") from problem
    wrong = [name for name, is_right in _rules(checkpoint).items() if not is_right]
    if wrong:
        raise _damaged(path, f"holds no sensible value of '{wrong[0]}'")
    return checkpoint


def _rules(found: Checkpoint) -> dict[str, bool]:
    """Whether each part is of the kind that it should be."""
    trainer = found.trainer if isinstance(found.trainer, dict) else {}
    return {
        "step": _is_count(found.step, LARGEST_COUNT) and trainer.get("step", found.step) == found.step,
        "trainer": _are_tensors(trainer.get("method")),
        "recipe": isinstance(found.recipe, str),
        "images_seen": _is_count(found.images_seen, LARGEST_COUNT),
        "best": found.best is None or (type(found.best) in (int, float) and 0 <= found.best <= 1),
        "num_classes": _is_count(found.num_classes, MOST_CLASSES),
        "origin": isinstance(found.origin, dict),
    }


def _is_count(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _are_tensors(state: Any) -> bool:
    return (
        isinstance(state, dict)
        and bool(state)
        and all(isinstance(name, str) and isinstance(value, Tensor) for name, value in state.items())
    )


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
