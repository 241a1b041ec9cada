"""Keeps a run's checkpoints: writes them, remembers them in the store, and clears those nobody needs."""

from pathlib import Path
from typing import Any

from engine.checkpoint import load_checkpoint, save_checkpoint, superfluous_steps
from engine.errors import CheckpointError
from engine.store import Artifact, Store, add_artifact, list_artifacts, remove_artifact

KIND = "checkpoint"


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

    def save(self, content: dict[str, Any], *, score: float | None = None) -> Artifact:
        """Write a checkpoint, then its row, then clear what it made superfluous.

        Args:
            content: State of the trainer and the recipe; ``content["step"]`` names it.
            score: k-NN accuracy at this step, to know the best one.

        Raises:
            CheckpointError: If it could not be written; the earlier ones are untouched.
        """
        step = int(content["step"])
        folder = self._store.run_folder(self._run_id) / "checkpoints"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise CheckpointError(
                f"The folder {folder} cannot be made: {problem}.",
                "Free some space or make it writable, then resume.",
            ) from problem
        path = folder / f"step-{step:09d}.pt"
        size = save_checkpoint(path, content)
        for older in self._at(step):
            remove_artifact(self._store, older.id)
        meta = {} if score is None else {"score": score}
        artifact = add_artifact(
            self._store, self._run_id, kind=KIND, path=path, step=step, size=size, meta=meta
        )
        self._clear()
        return artifact

    def newest(self, device: Any = "cpu") -> tuple[dict[str, Any] | None, list[str]]:
        """The newest checkpoint that can be read, and why newer ones could not."""
        complaints: list[str] = []
        for artifact in reversed(list_artifacts(self._store, self._run_id, KIND)):
            try:
                return load_checkpoint(artifact.path, device), complaints
            except CheckpointError as problem:
                complaints.append(str(problem))
        return None, complaints

    @staticmethod
    def read(store: Store, run_id: int, step: int, device: Any = "cpu") -> dict[str, Any]:
        """The checkpoint of a step, for a process that is told which one to take.

        Raises:
            CheckpointError: If there is none, or it cannot be read.
        """
        for artifact in list_artifacts(store, run_id, KIND):
            if artifact.step == step:
                return load_checkpoint(artifact.path, device)
        raise CheckpointError(f"The checkpoint of step {step:,} is gone.", "Resume the run.")

    def forget_after(self, step: int) -> None:
        """Remove checkpoints of steps that will be trained again."""
        for artifact in list_artifacts(self._store, self._run_id, KIND):
            if artifact.step > step:
                self._remove(artifact)

    def _at(self, step: int) -> list[Artifact]:
        return [
            artifact for artifact in list_artifacts(self._store, self._run_id, KIND) if artifact.step == step
        ]

    def _clear(self) -> None:
        present = list_artifacts(self._store, self._run_id, KIND)
        scored = [artifact for artifact in present if "score" in artifact.meta]
        best = max(scored, key=lambda artifact: artifact.meta["score"]).step if scored else None
        steps = [artifact.step for artifact in present]
        going = superfluous_steps(steps, keep=self._keep, best=best, total_steps=self._total_steps)
        for artifact in present:
            if artifact.step in going:
                self._remove(artifact)

    def _remove(self, artifact: Artifact) -> None:
        remove_artifact(self._store, artifact.id)
        Path(artifact.path).unlink(missing_ok=True)
