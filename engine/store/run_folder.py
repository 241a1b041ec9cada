"""The folder of one run: made for it alone, and marked, so that it is never given to another nor deleted with one.

Numbers of runs begin anew when a store is lost; the moment at which a run was made does not come again.
"""

import json
from pathlib import Path

from engine.errors import StoreError
from engine.store.private import FOLDER, private_opener

MARKER = "run.json"


def claim_run_folder(folder: Path, run_id: int, created_at: float) -> None:
    """Make the folder of a run, or accept the one that was made for it before.

    Args:
        folder: Where it is to be.
        run_id: The run.
        created_at: When the run was made, unix seconds.

    Raises:
        StoreError: There is a folder of another run, or it cannot be made.
    """
    try:
        folder.parent.mkdir(mode=FOLDER, exist_ok=True)
        folder.mkdir(mode=FOLDER, exist_ok=True)
        if belongs_to(folder, run_id, created_at):
            return
        if any(folder.iterdir()):
            raise StoreError(
                f"The folder {folder} holds files that were not made by run {run_id}.",
                "Move it away; nothing in it was changed.",
            )
        mark_run_folder(folder, run_id, created_at)
    except OSError as error:
        raise StoreError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Allow writing there, or choose another place with --store.",
        ) from error


def mark_run_folder(folder: Path, run_id: int, created_at: float) -> None:
    """Write into a folder whose it is.

    Raises:
        OSError: It cannot be written.
    """
    with open(folder / MARKER, "w", encoding="utf-8", opener=private_opener) as file:
        json.dump({"run": run_id, "created_at": created_at}, file)


def belongs_to(folder: Path, run_id: int, created_at: float) -> bool:
    """Say whether a folder was made for a run."""
    try:
        card = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(card, dict) and (card.get("run"), card.get("created_at")) == (run_id, created_at)
