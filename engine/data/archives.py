"""Unpack an archive without letting it write outside its folder."""

import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from engine.errors import DataError

# Published sets are a few gigabytes; more than this from one archive is a bomb or a mistake.
MOST_UNPACKED_BYTES = 200 * 2**30
# RuntimeError is what an encrypted zip raises, and one packed in a way that Python does not know.
UNPACKING_ERRORS = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    MemoryError,
)
# No set of pictures compresses better than this as a whole.
MOST_EXPANSION = 200


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (any compression) or zip archive into a folder.

    Every name is checked before the first file is written.

    Raises:
        DataError: When the archive is damaged, or an entry would leave the folder, is a link or a device, or when it
            would unpack to an absurd size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, folder)
        else:
            _unpack_tar(archive, folder)
    except UNPACKING_ERRORS as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{archive.name} cannot be unpacked: {reason}.", "Download it again.") from error


def _unpack_tar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        members, unpacked = [], 0
        for member in tar:  # one after the other: to come to the next, all that this one claims is unpacked
            _refuse_escape(archive, member.name)
            if not (member.isfile() or member.isdir()):
                raise _link(archive, member.name)
            unpacked += member.size
            _refuse_bomb(archive, unpacked)
            members.append(member)
        tar.extractall(folder, members, filter="data")


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as bundle:
        for entry in bundle.infolist():
            _refuse_escape(archive, entry.filename)
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise _link(archive, entry.filename)
        _refuse_bomb(archive, sum(entry.file_size for entry in bundle.infolist()))
        bundle.extractall(folder)


def _link(archive: Path, name: str) -> DataError:
    return DataError(
        f"{archive.name} holds a link or a device ('{name}') and was not unpacked.",
        "Archives of pictures need none; use the published one.",
    )


def _refuse_escape(archive: Path, name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        raise DataError(
            f"{archive.name} wants to write outside its folder ('{name}') and was not unpacked.",
            "Use the archive from where the set was published.",
        )


def _refuse_bomb(archive: Path, unpacked: int) -> None:
    if unpacked > MOST_UNPACKED_BYTES or unpacked > MOST_EXPANSION * max(os.path.getsize(archive), 2**20):
        raise DataError(
            f"{archive.name} would unpack to {unpacked / 2**30:.1f} GiB and was not unpacked.",
            "Use the archive from where the set was published.",
        )
