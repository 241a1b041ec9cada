"""Several files that are there together or not at all."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from safetensors import SafetensorError

from engine.outputs import Outputs


@contextmanager
def written_whole(outputs: Outputs) -> Iterator[Path]:
    """Give a folder to write to; when the block ends well its files take their places, else nothing there changes.

    Args:
        outputs: Where they go in the end; the folder is made where it is missing.

    Raises:
        StoreError: If the disk is full or the folder cannot be written.
        SettingsError: If files of others came to lie there meanwhile.
    """
    out = outputs.folder
    beside: Path | None = None
    made = _missing(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
        yield beside
        replace(outputs, names=[file.name for file in beside.iterdir()]).check_free()
        for file in sorted(beside.iterdir()):
            file.replace(out / file.name)
    except (OSError, SafetensorError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else None
        raise outputs.refusal(reason or "the disk did not take it") from problem
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
        _take_back(made)


def _missing(folder: Path) -> list[Path]:
    """The folder and those above it that are not there, the innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def _take_back(folders: list[Path]) -> None:
    """Remove folders that were made and stayed empty."""
    for folder in folders:
        if not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()


def write_bytes(path: Path, content: io.BytesIO) -> None:
    """Write what torch made in memory: on a full disk, its own writer of files ends the process."""
    path.write_bytes(content.getbuffer())
