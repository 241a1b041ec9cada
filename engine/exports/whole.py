"""Several files that are there together or not at all."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from engine.errors import StoreError


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Give a folder to write to; when the block ends well its files move to ``out``, else nothing there changes.

    Args:
        out: Where they go in the end; made where it is missing.

    Raises:
        StoreError: If the disk is full or the folder cannot be written.
    """
    beside: Path | None = None
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
        yield beside
        for file in sorted(beside.iterdir()):
            file.replace(out / file.name)
    except (OSError, SafetensorError) as problem:
        raise _in_words(out, problem) from problem
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
        if is_new and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def _in_words(out: Path, problem: Exception) -> StoreError:
    reason = (
        problem.strerror if isinstance(problem, OSError) and problem.strerror else "the disk did not take it"
    )
    return StoreError(
        f"The encoder cannot be written to {out}: {reason}.", "Free some space, or choose another folder."
    )


def write_bytes(path: Path, content: io.BytesIO) -> None:
    """Write what torch made in memory: on a full disk, its own writer of files ends the process."""
    path.write_bytes(content.getbuffer())
