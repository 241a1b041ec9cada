"""The files of a run's checkpoints by their names; free of torch."""

import re
from pathlib import Path

from engine.store import Store, list_artifacts

KIND = "checkpoint"
_NAME = re.compile(r"step-(\d{9,})\.pt")


def file_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step lies."""
    return folder / f"step-{step:09d}.pt"


def step_of(path: Path) -> int | None:
    """The step that a file's name says; None for a file of another kind."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else None


def unnoted(store: Store, run_id: int) -> dict[int, Path]:
    """Step -> file of a run's checkpoints whose row could not be written any more, in order."""
    known = {artifact.path for artifact in list_artifacts(store, run_id, KIND)}
    files = {step_of(path): path for path in (store.run_folder(run_id) / "checkpoints").glob("step-*.pt")}
    return {
        step: files[step]
        for step in sorted(step for step in files if step is not None)
        if files[step] not in known
    }
