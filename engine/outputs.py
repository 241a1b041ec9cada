"""Whether files may be written where a person wants them: decided in this one place, before any work is done.

Nothing that this store's runs did not write, or that was changed since, is replaced unless the person says so; a
folder, the store's own files and what is being read are never replaced.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import SettingsError, StoreError
from engine.printable import printable

FORCE = "force"
"""Field of the error that says that files are in the way: what a person may set to have them replaced."""
SHOWN = 4
LONGEST_NAME = 255  # bytes, of all usual file systems
SPARE = 2**20  # bytes that stay free beside what is written


@dataclass(frozen=True)
class Outputs:
    """Files of one folder that will be written together.

    Args:
        folder: Absolute; made where it is missing.
        names: The files.
        ours: Name -> digests of what was written there before; such a file may be replaced while it is unchanged.
        force: Replace what is in the way.
        is_folder: The folder itself is what was asked for, not a file in it.
        kept: Files and folders that must stay as they are, such as what is read.
        closed: Folders that nothing is written into, such as the store's own.
    """

    folder: Path
    names: Sequence[str]
    ours: Mapping[str, Iterable[str]] = field(default_factory=dict)
    force: bool = False
    is_folder: bool = False
    kept: Sequence[Path] = ()
    closed: Sequence[Path] = ()

    def check(self, needs: int = 0) -> None:
        """Refuse what cannot be written or must not be replaced.

        Args:
            needs: Bytes that will be written, as far as they are known.

        Raises:
            StoreError: The place cannot be written.
            SettingsError: Something must stay; with the field ``FORCE`` where the person may have it replaced.
        """
        try:
            self._check_place(needs)
            self._check_kept()
            self.check_free()
        except (OSError, ValueError) as problem:  # a name that is too long, or has a NUL
            reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
            raise self.refusal(reason) from problem

    def check_free(self) -> None:
        """Refuse to replace files of others; also asked just before files take their places."""
        taken = [name for name in self.names if self._is_taken(self.folder / name)]
        if not taken:
            return
        more = f" and {len(taken) - SHOWN} more" if len(taken) > SHOWN else ""
        names = ", ".join(printable(name) for name in taken[:SHOWN]) + more
        it = "it is" if len(taken) == 1 else "they are"
        raise SettingsError(
            f"There is {names} in {_shown(self.folder)} already, and {it} not what a run wrote there.",
            "Choose another name or folder, or replace what is there with --force.",
            field=FORCE,
        )

    def refusal(self, reason: str) -> StoreError:
        """The error of a place that cannot be written."""
        return StoreError(
            f"{printable(self.names[0])} cannot be written to {_shown(self.folder)}: {reason}.",
            "Free some space, or choose another folder.",
        )

    def _is_taken(self, path: Path) -> bool:
        if not os.path.lexists(path) or self.force:
            return False
        ours = set(self.ours.get(path.name, ()))
        return path.is_symlink() or not ours or digest(path) not in ours

    def _check_place(self, needs: int) -> None:
        standing = next(each for each in (self.folder, *self.folder.parents) if os.path.lexists(each))
        if not standing.is_dir():
            raise self.refusal(f"{_shown(standing)} is no folder")
        if not os.access(standing, os.W_OK | os.X_OK):
            raise self.refusal(f"the folder {_shown(standing)} may not be written to")
        free = shutil.disk_usage(standing).free
        if needs and free < needs + SPARE:
            raise self.refusal(f"it takes {_size(needs)}, and {_size(free)} are free")
        for name in self.names:
            path = self.folder / name
            if len(os.fsencode(name)) > LONGEST_NAME:
                raise self.refusal("the name is too long")
            if os.path.lexists(path) and not path.is_symlink() and not path.is_file():
                kind = "a folder" if path.is_dir() else "no ordinary file"
                raise SettingsError(
                    f"{_shown(path)} is {kind}, and is not replaced.", "Choose another name.", field="out"
                )

    def _check_kept(self) -> None:
        """Whatever ``force`` says: nothing is written into the store, or over what is read."""
        places = {(self.folder / name).resolve() for name in self.names}
        places |= {self.folder.resolve()} if self.is_folder else set()
        in_use = [kept for kept in self.kept if kept.resolve() in places]
        in_use += [shut for shut in self.closed if any(at.is_relative_to(shut.resolve()) for at in places)]
        if in_use:
            raise SettingsError(
                f"{_shown(in_use[0])} is in use by the studio, and nothing is written over it or into it.",
                "Choose another place.",
                field="out",
            )


def digest(path: Path) -> str:
    """SHA-256 of a file's content; of one that cannot be read, a text that is the digest of nothing."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def _shown(path: Path) -> str:
    return printable(str(path))


def _size(number: int) -> str:
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{number / 2**20:.1f} MiB"
