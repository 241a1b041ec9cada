"""Keeps a run's checkpoints: writes them, remembers them in the store, and clears those nobody needs."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from engine.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, superfluous_steps
from engine.errors import CheckpointError
from engine.jobs.checkpoint_files import KIND, file_of, step_of, unnoted
from engine.sealed_file import SUFFIX, Seal, digest_of, reason_of
from engine.store import Artifact, Store, add_artifact, get_run, list_artifacts, remove_artifact
from engine.store.private import FOLDER

ASIDE = ".unused"  # of a file that could not be used when the run went on

Taken = TypeVar("Taken")


class Keeper:
    """The checkpoints of one run.

    Args:
        store: Where their rows are.
        run_id: Whose they are.
        keep: How many of the newest stay.
        total_steps: Length of the run.
    """

    def __init__(self, store: Store, run_id: int, *, keep: int, total_steps: int) -> None:
        self._store, self._run_id = store, run_id
        self._keep, self._total_steps = keep, total_steps

    @property
    def _folder(self) -> Path:
        return self._store.run_folder(self._run_id) / "checkpoints"

    def save(self, checkpoint: Checkpoint, *, score: float | None = None) -> Artifact:
        """Write a checkpoint, then its row, then clear what it made superfluous.

        Args:
            checkpoint: What to write; its step names it.
            score: k-NN accuracy at this step, to know the best one.

        Raises:
            CheckpointError: If it could not be written; the earlier ones are untouched.
        """
        folder = self._folder
        try:
            folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        except OSError as problem:
            raise CheckpointError(
                f"The folder {folder} cannot be made: {reason_of(problem)}.",
                "Free some space or make it writable, then resume.",
            ) from problem
        path = file_of(folder, checkpoint.step)
        seal = save_checkpoint(path, checkpoint, before_replacing=lambda: self._forget(checkpoint.step))
        artifact = self._remember(path, checkpoint.step, seal, {} if score is None else {"score": score})
        self._clear()
        return artifact

    def rescue(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint without its row, for a store that is gone; ``settle`` takes it up where it comes back.

        Raises:
            EngineError: If it could not be written.
        """
        save_checkpoint(self._folder / f"step-{checkpoint.step:09d}.pt", checkpoint)

    def settle(self) -> list[str]:
        """Clear up after a worker of this run that was ended while it wrote; returns what a person should know.

        A checkpoint whose row could not be written any more is taken up.
        """
        said = []
        for path in self._folder.glob(f"step-*{SUFFIX}"):
            with suppress(OSError):
                path.unlink()
        for step, path in unnoted(self._store, self._run_id).items():
            try:
                self._open(path, step, digest="")
                seal = Seal(path.stat().st_size, digest_of(path))
            except (OSError, CheckpointError):
                self._set_aside(path)
                continue
            self._remember(path, step, seal, {})
            said.append(f"The checkpoint of step {step:,} was written but not noted down; it is now.")
        return said

    def newest(
        self, take: Callable[[Checkpoint], Taken], device: Any = "cpu"
    ) -> tuple[Taken | None, list[str]]:
        """Use the newest checkpoint that can be used.

        Args:
            take: Uses it; raises ``CheckpointError`` when it does not fit, and the one before is tried.
            device: Where its tensors go.

        Returns:
            What ``take`` returned, None for a run without checkpoints, and why newer ones were left out.

        Raises:
            CheckpointError: When there are some and none of them can be used.
        """
        left_out: list[str] = []
        artifacts = list_artifacts(self._store, self._run_id, KIND)
        for artifact in reversed(artifacts):
            try:
                return take(self.open(artifact, device)), left_out
            except CheckpointError as problem:
                left_out.append(f"The checkpoint of step {artifact.step:,} was left out. {problem.message}")
        if artifacts:
            raise CheckpointError(
                f"No checkpoint of run {self._run_id} can be used, of {len(artifacts)}. {left_out[0]}",
                f"Put good copies of the files into {self._folder}, or start a new run from its recipe.",
            )
        return None, []

    def open(self, artifact: Artifact, device: Any = "cpu") -> Checkpoint:
        """Read a checkpoint as it was written by this run.

        Raises:
            CheckpointError: When it is gone, changed, or of another step or run.
        """
        return self._open(artifact.path, artifact.step, str(artifact.meta.get("digest", "")), device)

    def at(self, step: int, device: Any = "cpu") -> Checkpoint:
        """The checkpoint of a step, for a process that is told which one to take.

        Raises:
            CheckpointError: If there is none, or it cannot be read.
        """
        for artifact in list_artifacts(self._store, self._run_id, KIND):
            if artifact.step == step:
                return self.open(artifact, device)
        raise CheckpointError(f"The checkpoint of step {step:,} is gone.", "Resume the run.")

    def forget_after(self, step: int) -> None:
        """Set checkpoints of steps aside that will be trained again; they go once the run is past them.

        They were left out for a reason that may lie elsewhere, such as a disk that did not answer.
        """
        for artifact in list_artifacts(self._store, self._run_id, KIND):
            if artifact.step > step:
                remove_artifact(self._store, artifact.id)
                self._set_aside(artifact.path)

    def _open(self, path: Path, step: int, digest: str, device: Any = "cpu") -> Checkpoint:
        checkpoint = load_checkpoint(path, device, digest=digest)
        if checkpoint.step != step:
            raise CheckpointError(
                f"{path.name} is of step {checkpoint.step:,}, not of step {step:,}.", "Choose another one."
            )
        if not _agree(_parsed(checkpoint.recipe), get_run(self._store, self._run_id).recipe):
            raise CheckpointError(f"{path.name} is of another run.", "Choose a checkpoint of this run.")
        return checkpoint

    def _remember(self, path: Path, step: int, seal: Seal, facts: dict[str, Any]) -> Artifact:
        return add_artifact(
            self._store,
            self._run_id,
            kind=KIND,
            path=path,
            step=step,
            size=seal.size,
            meta={**facts, "digest": seal.digest},
        )

    def _forget(self, step: int) -> None:
        """Take the row of a file away that is about to be another one: its digest would be wrong."""
        for artifact in list_artifacts(self._store, self._run_id, KIND):
            if artifact.step == step:
                remove_artifact(self._store, artifact.id)

    def _set_aside(self, path: Path) -> None:
        if self._store.owns(path):  # as in _clear
            with suppress(OSError):
                path.rename(path.with_suffix(ASIDE))

    def _clear(self) -> None:
        present = list_artifacts(self._store, self._run_id, KIND)
        scored = [artifact for artifact in present if "score" in artifact.meta]
        best = max(scored, key=lambda artifact: artifact.meta["score"]).step if scored else None
        steps = [artifact.step for artifact in present]
        going = superfluous_steps(steps, keep=self._keep, best=best, total_steps=self._total_steps)
        for artifact in present:
            if artifact.step in going:
                remove_artifact(self._store, artifact.id)
                if self._store.owns(artifact.path):  # not what a copy of a store has of its original
                    with suppress(OSError):
                        artifact.path.unlink(missing_ok=True)
        self._clear_aside(steps[-1])

    def _clear_aside(self, newest: int) -> None:
        """Remove what was set aside of steps that have been trained again."""
        for path in self._folder.glob(f"step-*{ASIDE}"):
            step = step_of(path.with_suffix(".pt"))
            if step is not None and step <= newest:
                with suppress(OSError):
                    path.unlink()


def _parsed(recipe: str) -> Any:
    try:
        return json.loads(recipe)
    except (ValueError, RecursionError):
        return None


def _agree(ours: Any, theirs: Any) -> bool:
    """Whether two recipes say the same where both say something; a newer program says more."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(_agree(ours[name], theirs[name]) for name in ours.keys() & theirs.keys())
    return bool(ours == theirs)
