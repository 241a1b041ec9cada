"""What runs wrote outside of the store: remembered with digests, so that only that is ever replaced without a word."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.data.builtin import BUILTIN_PREFIX
from engine.data.published import PUBLISHED_PREFIX
from engine.file_names import place_from_text
from engine.outputs import Outputs, digest
from engine.store import Store, add_artifact, artifacts_at

FILES = "files"
"""Name in an artifact's notes: name of each file -> digest of its content as it was written."""


def outputs_of(
    store: Store, out: Path, names: Sequence[str], *, force: bool, pictures: str, is_folder: bool = False
) -> Outputs:
    """The files of an export or an embedding, with what is known of those that may be there already.

    Args:
        store: Where runs remember what they wrote, and what is never written into.
        out: The folder, or the first of the files.
        names: Files of the folder.
        force: Replace files of others.
        pictures: Place that is read.
        is_folder: Whether ``out`` is the folder.
    """
    ours: dict[str, list[str]] = {}
    for artifact in artifacts_at(store, out.absolute()):
        for name, known in dict(artifact.meta.get(FILES) or {}).items():
            ours.setdefault(name, []).append(str(known))
    kept = [] if pictures.startswith((BUILTIN_PREFIX, PUBLISHED_PREFIX)) else [place_from_text(pictures)]
    folder = out.absolute() if is_folder else out.absolute().parent
    return Outputs(
        folder,
        names,
        ours=ours,
        force=force,
        is_folder=is_folder,
        kept=[*kept, *_files_of(store)],
        closed=[store.folder],
    )


def _files_of(store: Store) -> list[Path]:
    """The database and what SQLite keeps beside it."""
    path = store.path
    return [] if path is None else [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]


def remember(
    store: Store, run_id: int, out: Path, outputs: Outputs, *, kind: str, step: int, meta: Mapping[str, Any]
) -> None:
    """Record files that are in their places, beside those that the run wrote there before."""
    written = {name: outputs.folder / name for name in outputs.names if (outputs.folder / name).is_file()}
    before = [each for each in artifacts_at(store, out.absolute()) if each.run_id == run_id]
    files = dict(before[-1].meta.get(FILES) or {}) if before else {}
    files |= {name: digest(path) for name, path in written.items()}
    size = sum(path.stat().st_size for path in written.values())
    add_artifact(
        store,
        run_id,
        kind=kind,
        path=out.absolute(),
        step=step,
        size=size,
        meta={**meta, FILES: files},
    )
