"""Artifacts: rows that point to the files a run made, such as checkpoints and exports."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from engine.store.connection import Store
from engine.store.record import damaged_row, read_record
from engine.store.tables import ArtifactRow


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a run made.

    Args:
        id: Key.
        run_id: The run that made it.
        kind: ``checkpoint`` or ``export``.
        path: Absolute path.
        step: Optimizer updates it stands for.
        size: Bytes.
        created_at: Unix seconds.
        meta: What else is known of it.
    """

    id: int
    run_id: int
    kind: str
    path: Path
    step: int
    size: int
    created_at: float
    meta: dict[str, Any]


def add_artifact(
    store: Store,
    run_id: int,
    *,
    kind: str,
    path: Path,
    step: int,
    size: int,
    meta: dict[str, Any] | None = None,
) -> Artifact:
    """Record a file that is complete on disk. A path inside the store's folder may move with it.

    Recording the same path of the same run again replaces the row.

    Args:
        store: The store.
        run_id: The run that made it.
        kind: ``checkpoint`` or ``export``.
        path: The file or folder.
        step: Optimizer updates it stands for.
        size: Bytes.
        meta: What else is known of it.

    Raises:
        StoreError: There is no such run.
    """
    stored = _to_stored(store, path)
    row = {"run_id": run_id, "kind": kind, "path": stored, "step": step, "size": size, "meta": meta or {}}
    row["created_at"] = time.time()
    with store.begin() as connection:
        # A resumed run comes by the same step again and writes the same file.
        connection.execute(
            delete(ArtifactRow).where(ArtifactRow.run_id == run_id, ArtifactRow.path == stored)
        )
        made = connection.execute(insert(ArtifactRow).values(**row).returning(ArtifactRow.id)).scalar_one()
    return _to_artifact(store, {**row, "id": made})


def list_artifacts(store: Store, run_id: int, kind: str | None = None) -> list[Artifact]:
    """Read the files of a run, of one kind or of all, in the order of their steps."""
    query = select(ArtifactRow.__table__).where(ArtifactRow.run_id == run_id)
    if kind is not None:
        query = query.where(ArtifactRow.kind == kind)
    with store.read() as connection:
        rows = connection.execute(query.order_by(ArtifactRow.step, ArtifactRow.id)).mappings().all()
    return [_to_artifact(store, row) for row in rows]


def artifacts_at(store: Store, path: Path) -> list[Artifact]:
    """Read what runs wrote to a path, whichever run it was."""
    query = select(ArtifactRow.__table__).where(ArtifactRow.path == _to_stored(store, path))
    with store.read() as connection:
        rows = connection.execute(query.order_by(ArtifactRow.id)).mappings().all()
    return [_to_artifact(store, row) for row in rows]


def remove_artifact(store: Store, artifact_id: int) -> None:
    """Forget a file; the file itself is left to the caller. Forgetting twice is allowed."""
    with store.begin() as connection:
        connection.execute(delete(ArtifactRow).where(ArtifactRow.id == artifact_id))


def _to_stored(store: Store, path: Path) -> str:
    absolute = path.absolute()
    if absolute.is_relative_to(store.folder):
        return absolute.relative_to(store.folder).as_posix()
    return str(absolute)


def _to_artifact(store: Store, row: Mapping[Any, Any]) -> Artifact:
    # Joining an absolute path gives that path, so both kinds of stored paths come back absolute.
    if not isinstance(row["path"], str):
        raise damaged_row(f"artifact {row['id']}", ["path"])
    return read_record(Artifact, {**row, "path": store.folder / row["path"]})
